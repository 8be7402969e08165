import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ci } from '../../support/ci.ts';
import { type GuardScene, makeScene } from './guard-scene.ts';
import type { Place, Variables } from './places.ts';
import { USERS } from './users.ts';

// Services of the user that listen on a socket while an agent works.

const env = ({ BASE, HOME }: Variables) => ({
  XDG_RUNTIME_DIR: `${BASE}/runtime`,
  DBUS_SESSION_BUS_ADDRESS: `unix:path=${BASE}/runtime/bus`,
  TMUX_TMPDIR: BASE,
  SSH_AUTH_SOCK: `${BASE}/agents/ssh`,
  DOCKER_HOST: `unix://${HOME}/.docker/run/docker.sock`,
  GNUPGHOME: `${HOME}/.gnupg`,
});

/** Each is ended with the scene: its folder disappears. */
const SERVICES = `
mkdir -p "$XDG_RUNTIME_DIR" "$BASE/agents" "$HOME/.docker/run" "$HOME/.gnupg"; chmod 700 "$HOME/.gnupg" "$XDG_RUNTIME_DIR"
gpg --batch --quiet --passphrase '' --quick-gen-key 'Person <person@example.invalid>' default default never 2>/dev/null
git config --global commit.gpgSign true
ssh-agent -a "$SSH_AUTH_SOCK" >"$BASE/agents/ssh.env"
tmux new-session -d -s person
mkdir -p "$HOME/.vscode-server"
for path in "$HOME/.docker/run/docker.sock" "$XDG_RUNTIME_DIR/bus" "$HOME/.vscode-server/ipc.sock" "$BASE/.x.sock"; do
  setsid "$NODE" -e 'require("net").createServer((c) => c.end("answer")).listen(process.argv[1])' "$path" >/dev/null 2>&1 &
  echo $! >>"$BASE/pids"
  until [ -S "$path" ]; do sleep 0.02; done
done
`;

const STOP = `
tmux kill-server; gpgconf --kill all
. "$BASE/agents/ssh.env" >/dev/null; kill "$SSH_AGENT_PID" $(cat "$BASE/pids")
`;

const CONNECT = `"$NODE" -e 'require("net").connect(process.argv[1]).on("data", (d) => console.log(String(d))).on("error", () => process.exit(1))'`;

/** title, script, name that opens it. */
const ROWS = [
  ['types into a terminal of tmux', 'tmux send-keys -t person x', undefined],
  [
    'types there with the path of the socket',
    'tmux -S "$BASE/tmux-$(id -u)/default" send-keys -t person x',
    undefined,
  ],
  ['asks Docker', `${CONNECT} "$HOME/.docker/run/docker.sock"`, 'docker'],
  ['runs a command in an editor', `${CONNECT} "$HOME/.vscode-server/ipc.sock"`, undefined],
  ['reaches a socket in a temporary folder', `${CONNECT} "$BASE/.x.sock"`, undefined],
  ['calls the session bus', `${CONNECT} "$BASE/runtime/bus"`, 'keyring'],
  [
    'asks for the keys of ssh-agent',
    'SSH_AUTH_SOCK="$BASE/agents/ssh" ssh-add -l >&2 || [ $? -eq 1 ]',
    'ssh-agent',
  ],
  [
    'signs with the key of the user',
    'git -c commit.gpgSign=true commit -q --allow-empty -S -m Signed',
    'gpg-agent',
  ],
] as const;

describe.each(USERS)('sockets, $name', (user) => {
  const scenes: GuardScene[] = [];
  const scene = async (place: Partial<Place>) => {
    const more = (at: Variables) => ({ ...env(at), NODE: process.execPath });
    const made = await makeScene(user, { title: '', env: more, services: SERVICES, ...place });
    scenes.push(made);
    return made;
  };
  let closed: GuardScene;
  beforeAll(async () => {
    closed = await scene({});
  });
  afterAll(async () => {
    for (const each of scenes) {
      await each.outside(`set +e; ${STOP} true`);
      await each[Symbol.asyncDispose]();
    }
  });

  test.each(ROWS)('no agent %s', ci, async (_, script) => {
    expect((await closed.outside(`cd "$WORKTREE"; ${script} && echo works`)).endsWith('works')).toBe(true);
    expect((await closed.inside(script)).exitCode).not.toBe(0);
  });

  test('the user who signs gets unsigned commits, not an error', async () => {
    const { exitCode, stdout } = await closed.inside(
      'git commit -q --allow-empty -m Plain && git cat-file -p HEAD',
    );
    expect(exitCode).toBe(0);
    expect(stdout).not.toContain('gpgsig');
  });

  test.each(['guard', 'strict'])('with %s, SANDBOX_SOCKETS opens the named ones', async (level) => {
    const open = await scene({
      sockets: ['docker', 'ssh-agent', 'gpg-agent', 'keyring'],
      ...(level === 'strict' && { strict: {} }),
    });
    for (const [title, script, name] of ROWS) {
      const { exitCode } = await open.inside(script);
      expect([title, exitCode === 0]).toEqual([title, name !== undefined]);
    }
    const signed = await open.inside('git commit -q --allow-empty -m Signed && git cat-file -p HEAD');
    expect(signed.stdout).toContain('gpgsig');
  });

  test('terminals and disks of the machine do not exist, and shared memory is private', async () => {
    const { stdout } = await closed.inside('ls /dev');
    expect(stdout).toContain('null');
    expect(stdout).not.toMatch(/\b(?:tty\d|sd[a-z]|vd[a-z]|loop\d|nvme)/);
    expect((await closed.inside('ls /dev/pts')).stdout.trim()).toBe('ptmx');
    expect((await closed.inside('echo x >/dev/shm/x && cat /dev/shm/x')).stdout.trim()).toBe('x');
    expect(await closed.outside('ls /dev/shm')).not.toMatch(/^x$/m);
  });

  test('variables that lead to hidden sockets are gone', async () => {
    const { stdout } = await closed.inside('env');
    expect(stdout).not.toMatch(
      /^(?:SSH_AUTH_SOCK|XDG_RUNTIME_DIR|DBUS_SESSION_BUS_ADDRESS|DOCKER_HOST|TMUX)=/m,
    );
  });

  test('a name is still resolved', async () => {
    expect((await closed.inside('getent hosts localhost && id')).exitCode).toBe(0);
  });
});
