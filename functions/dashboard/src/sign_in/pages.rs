//! The pages for those who are not signed in. Pure: facts in, HTML out.

use askama::Template;
use shared::domain::account::LinkPurpose;
use shared::domain::people::User;

use super::next::Next;

/// Why nobody was signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// No such account, or another password.
    Wrong,
    /// Too many tries: the next after so many seconds.
    TooOften(u32),
    /// The browser did not send the form's cookie.
    NoCookie,
    /// The browser comes from the provider with what it did not ask for, or asked for long ago.
    NotBegun,
    /// What the provider says, or does not.
    Provider(String),
    /// Nothing can be sent.
    NoEmail,
    /// What was typed is no e-mail address.
    NoAddress,
    /// Why the password may not be chosen.
    Password(String),
}

impl Fault {
    fn words(self) -> String {
        match self {
            Self::Wrong => "This e-mail address and password do not belong together. Check both and try again.".into(),
            Self::TooOften(seconds) => format!("Too many tries. Try again in {}.", duration(seconds)),
            Self::NoCookie => {
                "The form was opened too long ago, or this browser refuses cookies, which signing in needs. Try again."
                    .into()
            }
            Self::NotBegun => {
                "This sign-in was not begun in this browser, or more than ten minutes ago, or is done already. \
                 Try again."
                    .into()
            }
            Self::Provider(words) => words,
            Self::NoEmail => {
                "This Nightbell is not set up to send e-mail, so no link can come. Ask whoever runs it.".into()
            }
            Self::NoAddress => "This is no e-mail address. Check it and try again.".into(),
            Self::Password(why) => format!("The password {why}."),
        }
    }
}

fn duration(seconds: u32) -> String {
    match (seconds.max(1), seconds.div_ceil(60)) {
        (1, _) => "a second".into(),
        (seconds, _) if seconds < 60 => format!("{seconds} seconds"),
        (_, 1) => "a minute".into(),
        (_, minutes) => format!("{minutes} minutes"),
    }
}

/// The sign-in form.
#[derive(Debug, Template)]
#[template(path = "sign_in/sign_in.html")]
pub struct SignIn {
    email: String,
    next: Next,
    form_token: String,
    fault: Option<String>,
    /// Where signing in by the provider begins, if there is one.
    provider: Option<String>,
}

impl SignIn {
    pub fn new(email: String, next: Next, form_token: String, fault: Option<Fault>, has_provider: bool) -> Self {
        Self {
            email,
            provider: has_provider.then(|| next.behind("/oidc/start")),
            next,
            form_token,
            fault: fault.map(Fault::words),
        }
    }

    pub fn html(&self) -> String {
        self.render().unwrap_or_default()
    }
}

/// The form of those who forgot their password.
#[derive(Debug, Template)]
#[template(path = "sign_in/forgot.html")]
pub struct Forgot {
    email: String,
    form_token: String,
    fault: Option<String>,
}

impl Forgot {
    pub fn new(email: String, form_token: String, fault: Option<Fault>) -> Self {
        Self {
            email,
            form_token,
            fault: fault.map(Fault::words),
        }
    }

    pub fn html(&self) -> String {
        self.render().unwrap_or_default()
    }
}

/// What they are told, whoever they are.
#[derive(Debug, Template)]
#[template(path = "sign_in/sent.html")]
pub struct Sent {
    pub email: String,
}

impl Sent {
    pub fn html(&self) -> String {
        self.render().unwrap_or_default()
    }
}

/// The form behind a link: a password is chosen.
#[derive(Debug, Template)]
#[template(path = "sign_in/choose.html")]
pub struct Choose {
    is_invitation: bool,
    name: String,
    email: String,
    /// How many API tokens go on working, if they are not ended.
    token_count: usize,
    form_token: String,
    fault: Option<String>,
}

impl Choose {
    pub fn new(
        purpose: LinkPurpose,
        user: &User,
        token_count: usize,
        form_token: String,
        fault: Option<Fault>,
    ) -> Self {
        Self {
            is_invitation: purpose == LinkPurpose::Invitation,
            name: user.name.clone(),
            email: user.email.clone(),
            token_count,
            form_token,
            fault: fault.map(Fault::words),
        }
    }

    pub fn html(&self) -> String {
        self.render().unwrap_or_default()
    }
}

/// A link that opens nothing, any more or ever.
#[derive(Debug, Template)]
#[template(path = "sign_in/link_over.html")]
pub struct LinkOver {
    pub is_invitation: bool,
}

impl LinkOver {
    pub fn html(&self) -> String {
        self.render().unwrap_or_default()
    }
}

/// The form that makes the first owner.
#[derive(Debug, Template)]
#[template(path = "sign_in/set_up.html")]
pub struct SetUp;

impl SetUp {
    pub fn html(&self) -> String {
        self.render().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_told_in_words() {
        for (seconds, words) in [(1, "a second"), (59, "59 seconds"), (60, "a minute"), (61, "2 minutes")] {
            assert_eq!(
                Fault::TooOften(seconds).words(),
                format!("Too many tries. Try again in {words}.")
            );
        }
    }
}
