//! The style and the scripts: files of `assets/`, in a folder whose name changes with what is in them, kept for ever by
//! browsers. One folder for all, so that a script finds the others beside it.

use std::sync::LazyLock;

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use shared::ctx::Ctx;
use shared::secret::sha256_hex;

const FOR_EVER: &str = "public, max-age=31536000, immutable";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// One file.
#[derive(Debug)]
pub struct Asset {
    name: &'static str,
    content_type: &'static str,
    content: &'static str,
}

macro_rules! asset {
    ($name:literal, $content_type:expr) => {
        Asset {
            name: $name,
            content_type: $content_type,
            content: include_str!(concat!("../../assets/", $name)),
        }
    };
}

static ASSETS: [Asset; 12] = [
    asset!("style.css", CSS),
    asset!("page.js", JS),
    asset!("forms.js", JS),
    asset!("icon.svg", SVG),
    asset!("look.js", JS),
    asset!("faces.js", JS),
    asset!("picture.js", JS),
    asset!("crop.js", JS),
    asset!("upload.js", JS),
    asset!("wordings.js", JS),
    asset!("changed.js", JS),
    asset!("moments.js", JS),
];

/// The folder.
static FOLDER: LazyLock<String> = LazyLock::new(|| {
    let all: String = ASSETS.iter().map(|asset| asset.content).collect();
    format!("/assets/{}", &sha256_hex(&all)[..16])
});

/// Where the assets are that pages name.
#[derive(Debug)]
pub struct Urls {
    pub style: String,
    pub page: String,
    pub forms: String,
    pub icon: String,
    pub look: String,
}

/// The assets' addresses, which change with their content.
pub static URLS: LazyLock<Urls> = LazyLock::new(|| {
    let [style, page, forms, icon, look, ..] = ASSETS.each_ref().map(Asset::path);
    Urls {
        style,
        page,
        forms,
        icon,
        look,
    }
});

impl Asset {
    fn path(&self) -> String {
        format!("{}/{}", *FOLDER, self.name)
    }
}

/// A route for each asset.
pub fn routes() -> Router<Ctx> {
    let mut router = Router::new();
    for asset in &ASSETS {
        let headers = [
            (header::CONTENT_TYPE, asset.content_type),
            (header::CACHE_CONTROL, FOR_EVER),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        router = router.route(
            &asset.path(),
            get(async move || (headers, asset.content).into_response()),
        );
    }
    router
}
