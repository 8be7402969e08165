import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ci } from '../../support/ci.ts';
import { eventually } from '../../support/eventually.ts';
import { type GuardScene, makeScene } from './guard-scene.ts';
import { RUN_FOLDER } from './rows.ts';
import { tryTogether } from './try-rows.ts';
import { USERS } from './users.ts';

/** Must fail, beside what fails in the guard: its files are the same. */
const REFUSED = [
  ['connect to a port of the machine that is not named', 'curl -sf "http://127.0.0.1:$OTHER_PORT"'],
  ['reach a network address directly', 'curl -sf --noproxy "*" --max-time 5 http://93.184.216.34/'],
  ['resolve a name itself', 'getent hosts example.com'],
  [
    'connect to an abstract socket',
    'node -e \'require("net").connect("\\0" + process.env.ABSTRACT).on("error", () => process.exit(1)).on("connect", () => process.exit(0))\'',
  ],
] as const;

/** Must work. */
const WORKS = [
  [
    'change and commit',
    'echo x >work.txt; git add -A; git commit -qm Work; git log -1 --format=%s | grep -q Work',
  ],
  ['read the history', 'git log --oneline main | grep -q .'],
  ['write documents of the session', 'echo x >>"$SESSION/_overview.md"'],
  ['read its events', 'cat "$RUN/events.jsonl"'],
  ['write in home and in temporary folders', 'echo x >"$HOME/x"; echo x >"$(mktemp)"; echo x >/var/tmp/x'],
  ['fill a cache of the project', 'echo x >"$HOME/.npm/x"'],
  ['reach a named port of the machine', 'curl -sf "http://127.0.0.1:$PORT" | grep -q "the database"'],
  ['reach it by the name localhost', 'curl -sf "http://localhost:$PORT" | grep -q "the database"'],
  [
    'reach an allowed host through the proxy',
    'curl -sf http://docs.example.com/a | grep -q "GET http://docs.example.com/a"',
  ],
  [
    'tunnel to an allowed host',
    'curl -s --proxytunnel http://docs.example.com/b | grep -q "tunnel to docs.example.com:80"',
  ],
  [
    'reach no other site of that host',
    'curl -sf -H "Host: evil.example" http://docs.example.com/ | grep -q "for docs.example.com$"',
  ],
  ['reach a host below an allowed one', 'curl -sf http://a.wild.example.org/ | grep -q wild'],
  [
    'renew the login of its CLI by a rename',
    'cd "$HOME/.claude"; echo new >.credentials.new; mv .credentials.new .credentials.json',
  ],
  [
    'look at a page with a browser',
    'echo "<p>afloat" >page.html; chromium --headless --no-sandbox --disable-gpu --user-data-dir="$HOME/c" --dump-dom "file://$PWD/page.html" | grep -q afloat',
  ],
  ['use a fifo, a pipe and shared memory', 'mkfifo "$HOME/f"; echo x >/dev/shm/x; : >/dev/null'],
] as const;

/** Answers as the user's own proxy, and counts what it was asked. */
async function listening(server: net.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

describe.each(USERS)('strict, $name', (user) => {
  let scene: GuardScene;
  const database = http.createServer((_, response) => response.end('the database'));
  const other = http.createServer((_, response) => response.end('something else'));
  const proxy = http.createServer((request, response) =>
    response.end(`${request.method} ${request.url} for ${request.headers.host}`),
  );
  proxy.on('connect', (request: http.IncomingMessage, socket: net.Socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    socket.once('data', () => {
      const text = `tunnel to ${request.url}`;
      socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`);
    });
  });
  const abstract = net.createServer((socket) => socket.end());
  let ports: Record<string, string> = {};

  const makeStrict = async (hosts: string[], env: Record<string, string> = {}) => {
    return await makeScene(user, {
      title: '',
      strict: { hosts, ports: [Number(ports.PORT)] },
      env: () => ({ ...ports, ...env }),
    });
  };

  beforeAll(async () => {
    const name = `samocode-${process.pid}-${user.name}`;
    abstract.listen(`\0${name}`);
    ports = {
      ABSTRACT: name,
      PORT: `${await listening(database)}`,
      OTHER_PORT: `${await listening(other)}`,
    };
    const own = `http://person:secret@127.0.0.1:${await listening(proxy)}`;
    scene = await makeStrict(['docs.example.com', '*.wild.example.org'], {
      HTTP_PROXY: own,
      HTTPS_PROXY: own,
    });
  });
  afterAll(async () => {
    await scene[Symbol.asyncDispose]();
    for (const server of [database, other, proxy, abstract]) server.close();
  });

  test.each(REFUSED)('cannot %s', ci, async (_, script) => {
    if (/OTHER_PORT|ABSTRACT/.test(script)) await scene.outside(script);
    const { exitCode, stdout } = await scene.inside(`echo reached; ${script}`);
    expect([stdout.startsWith('reached\n'), exitCode === 0]).toEqual([true, false]);
  });

  test('cannot change anything in its run folder, by no program that it leaves either', ci, async () => {
    const tried = await tryTogether(() => makeStrict([]), RUN_FOLDER);
    for (const { title } of RUN_FOLDER) expect(tried[title]).toMatchObject({ works: false, changed: [] });
  });

  test.each(WORKS)('can %s', async (_, script) => {
    const { exitCode, stderr } = await scene.inside(`set -e; ${script}`);
    expect([exitCode, stderr]).toEqual([0, expect.anything()]);
  });

  test('a host that is not allowed is refused with the setting that names it, and noted', async () => {
    const { stdout } = await scene.inside(
      'curl -s http://evil.example/; curl -sI -p http://evil.example:443/ || true',
    );
    expect(stdout).toContain('evil.example:80 is not in SANDBOX_HOSTS');
    expect(scene.refused).toContain('evil.example:80 is not in SANDBOX_HOSTS');
    expect(scene.refused).toContain('evil.example:443 is not in SANDBOX_HOSTS');
  });

  test('without a proxy of the user, an allowed name that leads to this machine is refused', async () => {
    await using direct = await makeStrict(['0x7f.1:8080', '127.0.0.1:8081']);
    // curl itself takes this name for an address.
    const asks = `const { hostname: host, port } = new URL(process.env.HTTP_PROXY);
      require('http').request({ host, port, method: 'CONNECT', path: '0x7f.1:8080' })
        .on('connect', ({ statusCode }) => process.exit(statusCode === 403 ? 0 : 1)).end()`;
    expect((await direct.inside(`node -e "${asks}"`)).exitCode).toBe(0);
    expect(direct.refused).toEqual(['0x7f.1:8080 leads to a private address (127.0.0.1)']);
    // Its own address is named: the refusal is then that nobody listens.
    await direct.inside('curl -s --noproxy "" http://127.0.0.1:8081/');
    expect(direct.refused).toHaveLength(1);
  });

  test('SANDBOX_READ and SANDBOX_WRITE open what they name, and nothing beside it', async () => {
    await using open = await makeScene(user, {
      title: '',
      ...{ strict: {}, readable: ['.config/shown'], writable: ['shared'] },
      services: 'mkdir -p "$HOME/.config/shown" "$MAIN/shared"; echo shown >"$HOME/.config/shown/x"',
    });
    const { stdout, exitCode } = await open.inside(
      'cat "$HOME/.config/shown/x"; echo x >"$MAIN/shared/x"; ls -A "$MAIN"',
    );
    expect([stdout, exitCode]).toEqual(['shown\n.git\n_samocode\nshared\n', 0]);
    expect((await open.inside('echo x >"$HOME/.config/shown/y"')).exitCode).not.toBe(0);
    expect(await open.outside('cat "$MAIN/shared/x"')).toBe('x');
  });

  test('connections wait for a worker that is started again', async () => {
    const running = scene.inside(`sleep 1; curl -sf http://docs.example.com/later`);
    await scene.restartEgress();
    expect((await running).stdout).toContain('GET http://docs.example.com/later');
  });

  test('a program ends with its own status, and no process is left', async () => {
    expect((await scene.inside('exit 7')).exitCode).toBe(7);
    expect((await scene.inside('kill -TERM $$')).exitCode).toBe(143);
    const { stdout } = await scene.inside('readlink /proc/self/ns/pid; (setsid sleep 600 >/dev/null 2>&1 &)');
    await eventually(
      async () =>
        !(await scene.outside('readlink /proc/[0-9]*/ns/pid 2>/dev/null || true')).includes(stdout.trim()),
      {
        what: 'the end of its processes',
      },
    );
  });
});
