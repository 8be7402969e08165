import { PROVIDERS } from '../providers/registry.ts';

/** Home folders in which a new entry could start something: only existing entries are opened, by name. */
export const BY_NAME = ['', '.config', '.local', '.local/share', '.aws', '.docker', '.gradle', 'Library'];

/** Folder names by parent folder in home. */
type Names = Readonly<Record<string, string>>;

/** Folders of programs with their dependencies: the only part of home that commands of a proof see. */
export const HOME_PROGRAMS: readonly string[] =
  words(`bin .local/bin .local/share/uv/python .local/share/mise .asdf
    .linuxbrew .nvm .local/share/fnm .volta .nodenv .bun/bin .deno/bin .pyenv .rbenv .rvm .cargo/bin .rustup go/bin .sdkman
    .jenv .dotnet .ghcup .juliaup`);

/** Folders from which the user's programs are started later, or instructions are read. */
const STARTER_NAMES: Names = {
  '': `.ssh .gnupg .kube .terraform.d node_modules .node_modules .bin .npm-global .npm-packages .fnm .n n .rye .mise .goenv
    .oh-my-zsh .zsh .zinit .zplug .antigen .bash_it .bashrc.d .tmux .vim .emacs.d .vscode .vscode-server .cursor .cursor-server`,
  '.config': `git gh pip uv npm pnpm mise nix systemd autostart environment.d plasma-workspace i3 sway hypr xfce4 zsh fish
    bash nushell starship direnv tmux kitty alacritty wezterm ghostty nvim Code Cursor Windsurf VSCodium zed helix emacs`,
  '.local': 'lib pipx',
  '.local/share': `applications systemd dbus-1 gnome-shell nautilus kservices5 kio fish zinit direnv bash-completion nvim
    pnpm rtx uv pipx gh nix`,
  '.docker': 'cli-plugins',
  '.gradle': 'init.d',
  Library: 'LaunchAgents Services Scripts pnpm',
  '.pixi': 'bin',
};

/** Inside starters: folders that tools fill on their own. */
export const STORES = ['.local/share/pnpm/store', 'Library/pnpm/store', '.terraform.d/plugin-cache'];

/** Files that a shell, ssh or an editor reads, in folders closed to agents in the guard. git's are read by key. */
const START_NAMES: Names = {
  '': `.bashrc .bash_profile .bash_login .bash_logout .bash_aliases .profile .inputrc .zshrc .zprofile .zshenv .zlogin
    .zlogout .xprofile .xsession .xinitrc .vimrc .tmux.conf`,
  '.config': 'fish/config.fish',
  '.ssh': 'config rc authorized_keys',
};

export const STARTERS = [
  ...paths(STARTER_NAMES),
  ...HOME_PROGRAMS,
  ...PROVIDERS.flatMap(({ installFolders = [], starters = [], privateCopies = [] }) => [
    ...installFolders,
    ...starters,
    ...privateCopies,
  ]),
];
export const START_FILES = paths(START_NAMES);

/** Files of the same kind in folders that tools must be able to write. */
export const OPEN_START_FILES = ['.cargo/env', '.cargo/config', '.cargo/config.toml', '.m2/settings.xml'];

/** Folders that tools could not create in a read-only home, by program. */
export const CACHES: Names = {
  '': '.cache .local/state',
  npm: '.npm',
  corepack: '.local/share/pnpm/store',
  pnpm: '.local/share/pnpm/store',
  yarn: '.yarn',
  bun: '.bun/install',
  cargo: '.cargo',
  go: 'go/pkg',
  java: '.m2 .gradle/caches .gradle/daemon .gradle/native .gradle/wrapper',
  dotnet: '.nuget',
};

export function words(text: string): string[] {
  return text.split(/\s+/);
}

function paths(names: Names): string[] {
  return Object.entries(names).flatMap(([folder, text]) =>
    words(text).map((name) => (folder === '' ? name : `${folder}/${name}`)),
  );
}
