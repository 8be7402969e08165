/** Folders of programs below home with their dependencies, read-only for agents and checks. */
export const PROGRAM_FOLDERS: readonly string[] =
  words(`bin .local/bin .local/lib .linuxbrew .bun/bin .deno/bin .cargo/bin go/bin .ghcup .juliaup .rvm .jenv .fly/bin
    .npm-global`);

interface Toolchains {
  /** Names another folder instead. */
  variable?: string;
  /** Folders in it to which a tool adds versions; an asterisk matches any name. */
  grows?: string;
}

/**
 * Version managers and toolchains below home: existing entries are read-only, and a session can add versions, which
 * no other session sees.
 */
export const TOOLCHAINS: Readonly<Record<string, Toolchains>> = {
  '.nvm': { variable: 'NVM_DIR', grows: 'versions/node alias' },
  '.local/share/uv': { grows: 'python tools' },
  '.local/share/mise': { variable: 'MISE_DATA_DIR', grows: 'installs/*' },
  '.asdf': { variable: 'ASDF_DATA_DIR', grows: 'installs/*' },
  '.local/share/fnm': { variable: 'FNM_DIR', grows: 'node-versions aliases' },
  '.volta': { variable: 'VOLTA_HOME', grows: 'tools/image/* tools/inventory/* tools/user' },
  '.nodenv': { variable: 'NODENV_ROOT', grows: 'versions' },
  '.pyenv': { variable: 'PYENV_ROOT', grows: 'versions' },
  '.rbenv': { variable: 'RBENV_ROOT', grows: 'versions' },
  '.rustup': { variable: 'RUSTUP_HOME', grows: 'toolchains update-hashes' },
  '.sdkman': { variable: 'SDKMAN_DIR', grows: 'candidates/*' },
  '.local/share/pnpm': { variable: 'PNPM_HOME', grows: 'global' },
  '.dotnet': { variable: 'DOTNET_ROOT', grows: 'sdk shared/* tools' },
};

/** Variables that name the folder of a toolchain, wherever it is. */
export const TOOL_VARIABLES: readonly string[] =
  words(`JAVA_HOME GOROOT ANDROID_HOME ANDROID_SDK_ROOT FLUTTER_ROOT CONDA_PREFIX BUN_INSTALL DENO_INSTALL
    N_PREFIX MAVEN_HOME GRADLE_HOME`);

/** Caches below home: a project has its own, which its sessions share. */
export const CACHES: readonly string[] =
  words(`.cache .npm .local/share/pnpm/store .yarn/berry .bun/install/cache .cargo/registry .cargo/git go/pkg
    .m2/repository .gradle/caches .gradle/daemon .gradle/native .gradle/wrapper .nuget/packages`);

/** Files that a shell, ssh or an editor reads when it starts. */
export const START_FILES: readonly string[] =
  words(`.bashrc .bash_profile .bash_login .bash_logout .bash_aliases .profile .inputrc .zshrc .zprofile .zshenv .zlogin
    .zlogout .xprofile .xsession .xinitrc .vimrc .tmux.conf .config/fish/config.fish .ssh/config .ssh/rc
    .ssh/authorized_keys`);

export function words(text: string): string[] {
  return text.split(/\s+/);
}
