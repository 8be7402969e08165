import { join } from 'node:path';
import { namesAt, realFolder } from '../kernel/files/path-stats.ts';
import type { SandboxOpenings, SocketName } from '../kernel/sandbox-level.ts';
import { type Mount, readOnly, writable } from './guard/make-guard.ts';
import { type HomePlaces, words } from './home.ts';

type Socketed = { home: HomePlaces; openings: Pick<SandboxOpenings, 'sockets'> };

/** Sockets below home, by the name that opens them. */
const HOME_SOCKETS: Readonly<Record<SocketName, readonly string[]>> = {
  docker: ['.docker/run', '.docker/desktop', '.colima', '.orbstack/run', '.rd/docker.sock'],
  'ssh-agent': ['.ssh/agent'],
  'gpg-agent': [
    '.gnupg/S.gpg-agent',
    '.gnupg/S.gpg-agent.extra',
    '.gnupg/S.gpg-agent.ssh',
    '.gnupg/S.keyboxd',
  ],
  keyring: [],
};

/** Variables that name terminals, displays and editors, which do not exist in the guard. */
const ALWAYS_UNSET =
  words(`TMUX TMUX_PANE TMUX_TMPDIR STY DISPLAY WAYLAND_DISPLAY XAUTHORITY SESSION_MANAGER VSCODE_IPC_HOOK_CLI
  VSCODE_GIT_IPC_HANDLE I3SOCK SWAYSOCK KITTY_LISTEN_ON WEZTERM_UNIX_SOCKET NVIM ZELLIJ_SESSION_NAME`);
const UNSET: Readonly<Record<SocketName, readonly string[]>> = {
  docker: ['DOCKER_HOST'],
  'ssh-agent': ['SSH_AUTH_SOCK', 'SSH_AGENT_PID'],
  'gpg-agent': ['GPG_AGENT_INFO'],
  keyring: ['DBUS_SESSION_BUS_ADDRESS', 'GNOME_KEYRING_CONTROL'],
};

/** The folders of services that resolve the names of hosts and users outside of /etc. */
const RESOLVERS = ['/run/systemd/resolve', '/run/systemd/userdb', '/run/nscd', '/run/samba/winbindd'];

export function resolverMounts(): Mount[] {
  return [...RESOLVERS, realFolder('/etc/resolv.conf') ?? '/etc/resolv.conf'].map(readOnly);
}

/** Public keys and settings below home that the programs of a key agent need. */
const BESIDE: Readonly<Partial<Record<SocketName, RegExp>>> = {
  'ssh-agent': /^(?:config|known_hosts|.+\.pub)$/,
  'gpg-agent': /^(?:(?:gpg|common)\.conf|pubring\.(?:gpg|kbx)|public-keys\.d|trustdb\.gpg)$/,
};

/** The sockets that a person opened, with the files that their programs read. */
export function openedSockets({ home, openings }: Socketed): Mount[] {
  const { dir, env } = home;
  const folders: Partial<Record<SocketName, string>> = {
    'ssh-agent': join(dir, '.ssh'),
    'gpg-agent': env.GNUPGHOME || join(dir, '.gnupg'),
  };
  return openings.sockets.flatMap((name) => {
    const folder = folders[name];
    const beside =
      folder === undefined ? [] : (namesAt(folder) ?? []).filter((each) => BESIDE[name]?.test(each));
    return [
      ...beside.map((each) => readOnly(join(folder ?? '', each))),
      ...socketsOf(name, home).map(writable),
    ];
  });
}

export function hiddenVariables({ home, openings }: Socketed): string[] {
  const closed = (Object.keys(UNSET) as SocketName[]).filter((name) => !openings.sockets.includes(name));
  const isRemote = /^(?:tcp|ssh|https?):/.test(home.env.DOCKER_HOST ?? '');
  const names = [...ALWAYS_UNSET, ...closed.flatMap((name) => UNSET[name])];
  const runtime = openings.sockets.length === 0 ? ['XDG_RUNTIME_DIR'] : [];
  return [...names.filter((name) => name !== 'DOCKER_HOST' || !isRemote), ...runtime];
}

function socketsOf(name: SocketName, { dir, env }: HomePlaces): string[] {
  const inRuntime = (names: string) =>
    env.XDG_RUNTIME_DIR ? words(names).map((each) => join(env.XDG_RUNTIME_DIR ?? '', each)) : [];
  const others: Readonly<Record<SocketName, () => (string | undefined)[]>> = {
    docker: () => [
      ...['/run/docker.sock', '/run/podman', ...inRuntime('docker.sock podman')],
      /^unix:\/\/(.+)/.exec(env.DOCKER_HOST ?? '')?.[1],
    ],
    'ssh-agent': () => [env.SSH_AUTH_SOCK],
    'gpg-agent': () => inRuntime('gnupg'),
    keyring: () => inRuntime('bus keyring'),
  };
  return [...HOME_SOCKETS[name].map((each) => join(dir, each)), ...others[name]()].flatMap(
    (path) => realFolder(path) ?? [],
  );
}
