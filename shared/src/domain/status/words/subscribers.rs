//! What is said to subscribers. In texts, `{page}`, `{url}` and the like stand for what they name.

use crate::domain::status::SubscriberChannel;

/// One language.
#[derive(Debug)]
pub struct SubscriberWords {
    /// The language, as HTML names it.
    pub lang: &'static str,
    /// The channels, in the order of [`SubscriberChannel::ALL`].
    pub channels: [&'static str; 4],
    /// What an address is there, in the same order.
    pub addresses: [&'static str; 4],

    // The pages.
    /// Over the form.
    pub subscribe: &'static str,
    /// What the form is for.
    pub subscribe_lead: &'static str,
    /// Over the channels.
    pub by: &'static str,
    /// Over the field of the address.
    pub address: &'static str,
    /// Over the components.
    pub components: &'static str,
    /// What choosing none means.
    pub components_hint: &'static str,
    /// On the button of the form.
    pub subscribe_button: &'static str,
    /// That the feed needs no address.
    pub feed_hint: &'static str,
    /// The feed's name.
    pub feed: &'static str,
    /// Over the answer to the form.
    pub asked: &'static str,
    /// What follows, for links.
    pub asked_link: &'static str,
    /// What follows, for codes.
    pub asked_code: &'static str,
    /// Over the field of the code.
    pub code: &'static str,
    /// On its button.
    pub code_button: &'static str,
    /// That the code was wrong.
    pub code_wrong: &'static str,
    /// Over the page that asks to confirm.
    pub confirm: &'static str,
    /// What is confirmed.
    pub confirm_lead: &'static str,
    /// On its button.
    pub confirm_button: &'static str,
    /// Over the page of a subscription.
    pub manage: &'static str,
    /// What it is.
    pub manage_lead: &'static str,
    /// That it was confirmed just now.
    pub confirmed: &'static str,
    /// That it was saved just now.
    pub saved: &'static str,
    /// That messages failed so often that no more are sent.
    pub stopped: &'static str,
    /// On the button that begins again.
    pub resume_button: &'static str,
    /// On the button that saves components.
    pub save_button: &'static str,
    /// Over the signing secret of a webhook.
    pub secret: &'static str,
    /// What it is for.
    pub secret_hint: &'static str,
    /// On the button that ends it, and over its page.
    pub unsubscribe: &'static str,
    /// What ending means.
    pub unsubscribe_lead: &'static str,
    /// Over the page that says that it was ended just now.
    pub unsubscribed: &'static str,
    /// What that page says.
    pub unsubscribed_lead: &'static str,
    /// Over the page that says it is over.
    pub ended: &'static str,
    /// What that page says.
    pub ended_lead: &'static str,
    /// Over the page of a link that is none.
    pub wrong: &'static str,
    /// What that page says.
    pub wrong_lead: &'static str,
    /// Over the page of a status page that is not there.
    pub no_page: &'static str,
    /// What that page says.
    pub no_page_lead: &'static str,
    /// Over the page that asks to wait.
    pub wait: &'static str,
    /// What that page says.
    pub wait_lead: &'static str,
    /// Over the page of a fault of ours.
    pub broken: &'static str,
    /// What that page says.
    pub broken_lead: &'static str,
    /// Leads to the status page.
    pub back: &'static str,
    /// Over what is wrong with the input.
    pub invalid: &'static str,
    /// What is wrong with an address, in the order of the channels.
    pub address_faults: [&'static str; 4],
    /// That a channel cannot be used.
    pub channel_fault: &'static str,
    /// That components cannot be chosen like this.
    pub components_fault: &'static str,

    // The messages.
    /// The subject that asks to confirm.
    pub confirm_subject: &'static str,
    /// The words that ask to confirm.
    pub confirm_text: &'static str,
    /// The subject to who is subscribed already.
    pub known_subject: &'static str,
    /// The words to who is subscribed already.
    pub known_text: &'static str,
    /// The text message that brings a code.
    pub code_text: &'static str,
    /// The subject of an update.
    pub update_subject: &'static str,
    /// The subject of a reminder.
    pub reminder_subject: &'static str,
    /// What a reminder says.
    pub reminder_text: &'static str,
    /// The subject of a post that is taken back.
    pub withdrawn_subject: &'static str,
    /// What it says.
    pub withdrawn_text: &'static str,
    /// Before the components.
    pub affected: &'static str,
    /// When a maintenance is.
    pub planned: &'static str,
    /// Over earlier updates.
    pub earlier: &'static str,
    /// Leads to the post.
    pub read_more: &'static str,
    /// Why one hears.
    pub why: &'static str,
    /// Leads to the subscription.
    pub change: &'static str,
}

impl SubscriberWords {
    /// A channel's name.
    pub fn channel(&self, channel: SubscriberChannel) -> &'static str {
        self.channels[channel as usize]
    }

    /// What is wrong with an address.
    pub fn address_fault(&self, channel: SubscriberChannel) -> &'static str {
        self.address_faults[channel as usize]
    }
}
