//! Reads every source of settings and lays them over each other, the lowest first: built-in values, `.npmrc`
//! files, the user's `config.yaml`, `pnpm-workspace.yaml`, variables, flags.

use std::path::{Path, PathBuf};

use super::assemble::{self, Found};
use super::credentials::Credentials;
use super::error::ConfigError;
use super::input::Input;
use super::layers::{Layer, Layers, Trust};
use super::npmrc::Npmrc;
use super::registries::Registries;
use super::settings::Config;
use super::structured_auth::{StructuredAuth, variables_named_after_registries};
use super::transport::Tls;
use super::variables::{flags_layer, pnpm_variable, variables_layer};
use super::yaml::WORKSPACE_MANIFEST;
use super::{certificates, directories, known, yaml};

impl Config {
    /// The effective configuration.
    ///
    /// # Errors
    /// A file that cannot be read or parsed, or a value that a setting does not take; the error names file and key.
    pub fn load(input: &Input) -> Result<Self, ConfigError> {
        let project_dir = directories::project_dir(input)?;
        let workspace_dir = directories::workspace_dir(input, &project_dir)?;
        let base = workspace_dir.as_deref().unwrap_or(&project_dir);
        let user_dir = directories::configuration_dir(input);
        let variable = |name: &str| input.variable(name);

        let mut layers = Layers::default();
        let built_in = Registries::default();
        layers.scopes = built_in.scopes;
        layers.prefixes = built_in.prefixes;

        let user_file = user_dir.as_deref().map(|dir| dir.join("config.yaml"));
        let mut user_layer = match &user_file {
            Some(path) => yaml::read(path, may_be_the_users, &mut layers.warnings)?.unwrap_or_default(),
            None => Layer::new(),
        };
        let mut users_auth = StructuredAuth::default();
        if let Some(setting) = user_layer.remove("_auth") {
            users_auth.add(&setting.value, &setting.origin, input)?;
        }
        let variables_auth = StructuredAuth::of_variable(input)?;

        // Where a stored credential would send packages counts only where nobody says anything else.
        users_auth.routes.put_on(&mut layers);
        let mut npmrc = npmrc_family(input, base, user_dir.as_deref(), &user_layer)?;
        npmrc.overlay(variables_named_after_registries(input));
        npmrc.overlay(users_auth.npmrc);
        npmrc.overlay(variables_auth.npmrc);
        layers.settings.extend(std::mem::take(&mut npmrc.settings));
        layers.scopes.append(&mut npmrc.scopes);
        layers.warnings.append(&mut npmrc.warnings);

        expand_home(&mut user_layer, input);
        layers.put_on(user_layer, Trust::User, &project_dir, variable)?;
        let manifest = base.join(WORKSPACE_MANIFEST);
        let mut project_layer =
            yaml::read(&manifest, may_be_a_projects, &mut layers.warnings)?.unwrap_or_default();
        // Whether this is continuous integration is for the machine to say.
        project_layer.remove("ci");
        layers.put_on(project_layer, Trust::Project, base, variable)?;
        variables_auth.routes.put_on(&mut layers);
        for (mut layer, base) in
            [(variables_layer(input)?, &*project_dir), (flags_layer(&input.flags)?, base)]
        {
            expand_home(&mut layer, input);
            layers.put_on(layer, Trust::User, base, variable)?;
        }

        let credentials = credentials(&npmrc)?;
        let tls =
            Tls { by_prefix: npmrc.certificates, ..tls(npmrc.ca, npmrc.cafile, input, &mut layers.warnings) };
        assemble::config(Found {
            input,
            project_dir: &project_dir,
            workspace_dir: workspace_dir.as_deref(),
            layers,
            credentials,
            tls,
        })
    }
}

/// What may stand in the user's `config.yaml`.
fn may_be_the_users(key: &str) -> Result<(), String> {
    if known::is_of_a_project(key) {
        return Err(format!(
            "{key} has no effect here, since it belongs to a project: put it in {WORKSPACE_MANIFEST}"
        ));
    }
    Ok(())
}

/// Where the user says where the store is, `~/` stands for the home; a project's `~/` is a folder of that name.
fn expand_home(layer: &mut Layer, input: &Input) {
    if let Some(setting) = layer.get_mut("storeDir")
        && let Some(home) = &input.home
        && let Some(below) = setting.value.as_str().and_then(|path| path.strip_prefix("~/"))
    {
        setting.value = home.join(below).to_string_lossy().into_owned().into();
    }
}

/// What may stand in a project's `pnpm-workspace.yaml`.
fn may_be_a_projects(key: &str) -> Result<(), String> {
    const OF_THE_USER: &[&str] =
        &["_auth", "configDir", "globalBinDir", "globalDir", "npmrcAuthFile", "stateDir"];
    if OF_THE_USER.contains(&key) {
        return Err(format!("{key} has no effect here, since it is for the user to set, not for a project"));
    }
    Ok(())
}

/// The user's `.npmrc`, `auth.ini` over it, and the project's `.npmrc` over both.
fn npmrc_family(
    input: &Input,
    base: &Path,
    user_dir: Option<&Path>,
    user_layer: &Layer,
) -> Result<Npmrc, ConfigError> {
    let users = users_npmrc(input, user_layer);
    let projects = base.join(".npmrc");
    let mut npmrc = Npmrc::default();
    // A file that is both is read once, as the user's.
    let same = users.as_deref() == Some(&projects);
    let sources = [
        (users, Trust::User),
        (user_dir.map(|dir| dir.join("auth.ini")), Trust::User),
        ((!same).then_some(projects), Trust::Project),
    ];
    for (path, trust) in sources {
        if let Some(path) = path
            && let Some(found) = Npmrc::read(&path, trust, input)?
        {
            npmrc.overlay(found);
        }
    }
    Ok(npmrc)
}

/// Path of the user's `.npmrc`: what pnpm's variables say, its `config.yaml`, npm's own variable, or the home.
fn users_npmrc(input: &Input, user_layer: &Layer) -> Option<PathBuf> {
    let pnpm = ["npmrcAuthFile", "userconfig"].into_iter().find_map(|key| pnpm_variable(input, key));
    let named = pnpm
        .map(|(_, path)| path)
        .or_else(|| user_layer.get("npmrcAuthFile")?.value.as_str())
        .or_else(|| input.variable("npm_config_userconfig"))
        .or_else(|| input.variable("NPM_CONFIG_USERCONFIG"));
    match named {
        Some(path) => Some(input.working_dir.join(path)),
        None => input.home.as_ref().map(|home| home.join(".npmrc")),
    }
}

fn credentials(npmrc: &Npmrc) -> Result<Credentials, ConfigError> {
    let mut credentials = Credentials::default();
    for ((prefix, scope), secret) in &npmrc.secrets {
        if let Some(header) = secret.header()? {
            credentials.insert(prefix, scope.as_deref(), header);
        }
    }
    Ok(credentials)
}

/// The common TLS settings. A file of certificates that cannot be read counts as not named, as in pnpm and Node.js,
/// but is mentioned.
fn tls(ca: Option<Vec<String>>, cafile: Option<PathBuf>, input: &Input, warnings: &mut Vec<String>) -> Tls {
    let mut bundle = |setting: &str, path: &Path| {
        certificates::read_bundle(path).unwrap_or_else(|error| {
            warnings.push(format!("{setting} is ignored: cannot read {}: {error}", path.display()));
            Vec::new()
        })
    };
    let mut trusted = ca.unwrap_or_default();
    if let Some(path) = cafile {
        trusted.extend(bundle("cafile", &path));
    }
    let extra_ca = input
        .variable("NODE_EXTRA_CA_CERTS")
        .map(|path| bundle("NODE_EXTRA_CA_CERTS", &input.working_dir.join(path)))
        .unwrap_or_default();
    Tls { ca: trusted, extra_ca, ..Tls::default() }
}
