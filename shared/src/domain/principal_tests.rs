//! Who may what: the whole table of roles, rights and scopes.

use ulid::Ulid;

use super::actor::ActorKind;
use super::id::{TeamId, TokenId, UserId};
use super::people::{Role, Rules, User};
use super::principal::{Principal, Refusal, Right, Scope, Token};

use Refusal::{OtherTeam, Role as ByRole, Scope as ByScope};
use Role::{Admin, Owner, Responder, Viewer};

fn id<T: From<Ulid>>(number: u128) -> T {
    Ulid::from_parts(1_770_000_000_000, number).into()
}

fn user(role: Role) -> User {
    User {
        id: id(1),
        name: "Ann".into(),
        email: "ann@example.org".into(),
        role,
        team_ids: vec![id(1), id(2)],
        time_zone: "UTC".into(),
        locale: "en".into(),
        contacts: vec![],
        rules: Rules::default(),
        password_hash: None,
        signed_out_at: None,
        tokens_ended_at: None,
        avatar: Default::default(),
        created_at: "2026-02-03T02:00:00Z".parse().unwrap(),
    }
}

fn token(scopes: &[Scope]) -> Token {
    Token {
        id: id(7),
        user_id: id(1),
        name: "script".into(),
        scopes: scopes.to_vec(),
        secret_hash: String::new(),
        created_at: "2026-02-03T02:00:00Z".parse().unwrap(),
        expires_at: None,
    }
}

const ROLES: [Role; 4] = [Viewer, Responder, Admin, Owner];

/// A right, the scope a token needs for it, and what each role is told.
type Row = (Right, Option<Scope>, [Result<(), Refusal>; 4]);

fn table() -> Vec<Row> {
    let (own_team, other_team): (TeamId, TeamId) = (id(2), id(3));
    let (own, other): (UserId, UserId) = (id(1), id(9));
    let no = Err(ByRole);
    vec![
        (Right::Read, None, [Ok(()); 4]),
        (Right::Respond, Some(Scope::Respond), [no, Ok(()), Ok(()), Ok(())]),
        (
            Right::Configure(Some(own_team)),
            Some(Scope::Configure),
            [no, Ok(()), Ok(()), Ok(())],
        ),
        (
            Right::Configure(Some(other_team)),
            Some(Scope::Configure),
            [no, Err(OtherTeam), Ok(()), Ok(())],
        ),
        (Right::Configure(None), Some(Scope::Configure), [no, no, Ok(()), Ok(())]),
        (Right::SettingsOf(own), Some(Scope::Configure), [Ok(()); 4]),
        (
            Right::SettingsOf(other),
            Some(Scope::Administer),
            [no, no, Ok(()), Ok(())],
        ),
        (Right::Administer, Some(Scope::Administer), [no, no, Ok(()), Ok(())]),
        (Right::Own, Some(Scope::Administer), [no, no, no, Ok(())]),
    ]
}

#[test]
fn a_person_in_a_browser_has_the_rights_of_their_role_and_teams() {
    for (right, _, answers) in table() {
        for (role, answer) in ROLES.into_iter().zip(answers) {
            assert_eq!(
                Principal::of(&user(role), None).may(right),
                answer,
                "{role:?} {right:?}"
            );
        }
    }
}

#[test]
fn a_token_cuts_rights_and_never_adds_any() {
    let all = [Scope::Read, Scope::Respond, Scope::Configure, Scope::Administer];
    for (right, needs, answers) in table() {
        for (role, answer) in ROLES.into_iter().zip(answers) {
            // Every set of scopes, the empty one too.
            for set in 0..16_usize {
                let scopes: Vec<Scope> = all
                    .into_iter()
                    .enumerate()
                    .filter(|(bit, _)| set >> bit & 1 == 1)
                    .map(|(_, scope)| scope)
                    .collect();
                let token = token(&scopes);
                let covered = needs.is_none_or(|scope| scopes.contains(&scope));
                let expected = if answer.is_ok() && !covered {
                    Err(ByScope)
                } else {
                    answer
                };
                assert_eq!(
                    Principal::of(&user(role), Some(&token)).may(right),
                    expected,
                    "{role:?} {right:?} {scopes:?}"
                );
            }
        }
    }
}

#[test]
fn a_person_without_teams_configures_no_teams_things() {
    let alone = User {
        team_ids: vec![],
        ..user(Responder)
    };
    assert_eq!(
        Principal::of(&alone, None).may(Right::Configure(Some(id(1)))),
        Err(OtherTeam)
    );
    assert_eq!(Principal::of(&alone, None).may(Right::Configure(None)), Err(ByRole));
}

#[test]
fn a_change_is_recorded_under_the_person_or_their_token() {
    let browser = Principal::of(&user(Responder), None).actor();
    assert_eq!(
        (browser.kind, browser.id.as_deref()),
        (ActorKind::User, Some(id::<UserId>(1).to_string().as_str()))
    );
    assert!(browser.is_user(id(1)) && !browser.is_user(id(2)));
    let script = Principal::of(&user(Responder), Some(&token(&[Scope::Respond]))).actor();
    assert_eq!(
        (script.kind, script.id.as_deref()),
        (ActorKind::Token, Some(id::<TokenId>(7).to_string().as_str()))
    );
    assert_eq!(script.name, "Ann");
    assert!(
        script.is_user(id(1)) && !script.is_user(id(2)),
        "a token acts for its person"
    );
}

#[test]
fn a_token_ends_with_its_time_and_when_its_person_takes_all_back() {
    let at = |second: i64| {
        "2026-02-03T02:00:00Z".parse::<jiff::Timestamp>().unwrap() + jiff::SignedDuration::from_secs(second)
    };
    let mut ann = user(Owner);
    let forever = token(&[Scope::Read]);
    assert!(forever.is_of(&ann, at(1_000_000)));
    let short = Token {
        expires_at: Some(at(60)),
        ..forever.clone()
    };
    assert!(short.is_of(&ann, at(59)) && !short.is_of(&ann, at(60)));
    ann.tokens_ended_at = Some(at(0));
    assert!(
        forever.is_of(&ann, at(1)),
        "one that is made with the end of the others"
    );
    ann.tokens_ended_at = Some(at(1));
    assert!(!forever.is_of(&ann, at(2)));
    ann.tokens_ended_at = None;
    ann.id = id(9);
    assert!(!forever.is_of(&ann, at(1)), "somebody else's");
}
