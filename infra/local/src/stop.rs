//! The word to stop: said once, heard by every task, also by those that listen later.

use tokio::sync::watch;

/// Says it.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

/// Hears it. When its [`Stopper`] is gone, that counts as said.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

/// The two ends.
pub fn pair() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    /// Stop.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Waits for the word. May be called again and again, and dropped while it waits.
    pub async fn said(&mut self) {
        // An error says that nobody is left to say it.
        let _ = self.0.wait_for(|said| *said).await;
    }
}
