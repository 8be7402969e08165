import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { contains } from '../base/files/contains.ts';
import { namesAt, realFolder, statsAt } from '../base/files/path-stats.ts';
import type { SandboxOpenings, SocketName } from '../base/sandbox-level.ts';
import { words } from './home-lists.ts';
import type { HomePlaces } from './home-places.ts';
import { type Mount, readOnly, writable } from './mount.ts';

type Socketed = { home: HomePlaces; openings: Pick<SandboxOpenings, 'sockets'> };

/** The parts of /run that are not services acting for the user: host and user names, devices, programs. */
const SHOWN_IN_RUN =
  words(`systemd/resolve systemd/userdb nscd samba/winbindd udev current-system booted-system opengl-driver
  opengl-driver-32 wrappers`);

/** Sockets in temporary folders: terminals, displays, key agents, buses, editors. */
const IN_TEMPORARY =
  /^(?:tmux-\d+|u?screens|\.(?:X11|ICE)-unix|(?:ssh|gpg)-\w{6,}|dbus-\w+|vscode-.*\.sock|(?:zellij|kitty)-.*)$/;

/** Sockets below home. */
const AT_HOME: Readonly<Record<'always' | SocketName, readonly string[]>> = {
  always: ['.screen', '.1password/agent.sock'],
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

/** Variables that lead to the hidden sockets. */
const ALWAYS_UNSET =
  words(`TMUX TMUX_PANE STY DISPLAY WAYLAND_DISPLAY XAUTHORITY SESSION_MANAGER VSCODE_IPC_HOOK_CLI
  VSCODE_GIT_IPC_HANDLE I3SOCK SWAYSOCK KITTY_LISTEN_ON WEZTERM_UNIX_SOCKET NVIM ZELLIJ_SESSION_NAME`);
const UNSET: Readonly<Record<SocketName, readonly string[]>> = {
  docker: ['DOCKER_HOST'],
  'ssh-agent': ['SSH_AUTH_SOCK', 'SSH_AGENT_PID'],
  'gpg-agent': ['GPG_AGENT_INFO'],
  keyring: ['DBUS_SESSION_BUS_ADDRESS', 'GNOME_KEYRING_CONTROL'],
};

/** Hides /run and the user's runtime folder. What a session needs there is mounted over it. */
export function runtimeMounts({ home, openings }: Socketed): Mount[] {
  const own = home.env.XDG_RUNTIME_DIR;
  const hidden = ['/run', ...(own && !contains('/run', own) ? [own] : [])].filter(isFolder);
  const resolver = realFolder('/etc/resolv.conf');
  const shown = [
    ...SHOWN_IN_RUN.map((name) => join('/run', name)),
    ...(resolver && contains('/run', resolver) ? [resolver] : []),
  ];
  return [
    ...hidden.map((path): Mount => ({ kind: 'hidden', path })),
    ...shown.map((path): Mount => ({ ...readOnly(path), ifThere: true })),
    { ...writable('/run/media'), ifThere: true },
    ...openedSockets({ home, openings }),
  ];
}

export function openedSockets({ home, openings }: Socketed): Mount[] {
  const paths = openings.sockets.flatMap((name) => socketsOf(name, home));
  return paths.map((path) => ({ ...writable(path), ifThere: true }));
}

/** Hides sockets in home and in temporary folders. Must follow the mounts that could expose them again. */
export function socketMounts({ home, openings }: Socketed): Mount[] {
  const { dir, env } = home;
  const closed = closedNames(openings);
  const temporary = [...new Set(['/tmp', env.TMPDIR ?? '/tmp', env.TMUX_TMPDIR ?? '/tmp'])];
  const found = temporary.flatMap((folder) =>
    (namesAt(folder) ?? []).filter((name) => IN_TEMPORARY.test(name)).map((name) => join(folder, name)),
  );
  const named = [
    ...AT_HOME.always.map((name) => join(dir, name)),
    ...closed.flatMap((name) => socketsOf(name, home)),
  ];
  const opened = openings.sockets.flatMap((name) => socketsOf(name, home));
  return [...new Set([...found, ...named])]
    .filter((path) => !contains('/run', path) && !opened.some((open) => contains(path, open)))
    .flatMap(hide);
}

/** Variables that lead to what is hidden. */
export function hiddenVariables({ home, openings }: Socketed): string[] {
  const closed = closedNames(openings);
  const isRemote = /^(?:tcp|ssh|https?):/.test(home.env.DOCKER_HOST ?? '');
  const names = [...ALWAYS_UNSET, ...closed.flatMap((name) => UNSET[name])];
  const runtime = openings.sockets.length === 0 ? ['XDG_RUNTIME_DIR'] : [];
  return [...names.filter((name) => name !== 'DOCKER_HOST' || !isRemote), ...runtime];
}

function closedNames({ sockets }: Socketed['openings']): SocketName[] {
  return (Object.keys(UNSET) as SocketName[]).filter((name) => !sockets.includes(name));
}

function socketsOf(name: SocketName, { dir, env }: HomePlaces): string[] {
  const own = (names: string) =>
    env.XDG_RUNTIME_DIR ? words(names).map((each) => join(env.XDG_RUNTIME_DIR ?? '', each)) : [];
  const others: Readonly<Record<SocketName, () => (string | undefined)[]>> = {
    docker: () => [
      ...['/run/docker.sock', '/run/podman', ...own('docker.sock podman')],
      /^unix:\/\/(.+)/.exec(env.DOCKER_HOST ?? '')?.[1],
    ],
    'ssh-agent': () => [env.SSH_AUTH_SOCK],
    'gpg-agent': () => own('gnupg'),
    keyring: () => own('bus keyring'),
  };
  return [...AT_HOME[name].map((each) => join(dir, each)), ...others[name]()].flatMap(
    (path) => realFolder(path) ?? [],
  );
}

/** Hides a path: a folder or a file appears empty. */
export function hide(path: string): Mount[] {
  if (isFolder(path)) return [{ kind: 'hidden', path }];
  return statsAt(path) === undefined ? [] : [{ kind: 'hidden', path, from: '/dev/null' }];
}

/** Creates the folder that a later tmux server uses: a missing folder can't be hidden. */
export function makeTmuxFolder({ env }: HomePlaces): void {
  try {
    mkdirSync(join(env.TMUX_TMPDIR || '/tmp', `tmux-${process.getuid?.()}`), { mode: 0o700 });
  } catch {
    // It exists, or this user can't have one.
  }
}

function isFolder(path: string): boolean {
  return statsAt(path)?.isDirectory() === true;
}
