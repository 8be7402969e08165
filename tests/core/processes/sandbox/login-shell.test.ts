// @module-tag ci
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import {
  ChildrenEnvironment,
  environmentOfSessions,
  isFromTerminal,
  loginRefusal,
  readLoginEnvironment,
  withLogin,
} from '../../../../src/core/sandbox/programs/login-shell.ts';
import { tempDir } from '../../../support/temp-dir.ts';

/** Reads the environment of a home with these start-up files. */
async function read(files: Record<string, string>, env: Record<string, string> = {}) {
  await using home = await tempDir();
  for (const [name, text] of Object.entries(files)) await writeFile(join(home.path, name), text);
  return await readLoginEnvironment({ SHELL: '/bin/bash', PATH: '/bin', ...env }, home.path);
}

const VALUE = `two\nlines, 'quotes", \${braces} and ümläuts`;

test.concurrent('variables of start-up files are read, whatever the files print and however they end', async () => {
  const quoted = VALUE.replaceAll("'", `'\\''`);
  const login = `echo Good morning\necho oops >&2\nexport ODD='${quoted}'\nfalse\n. ~/.bashrc\n`;
  const interactive = 'export PATH="/opt/tools/bin:$PATH"\nprintf %s no-newline\ntrap "echo bye" EXIT\n';
  expect(
    await read({ '.bash_profile': login, '.bashrc': `case $- in *i*) ;; *) return ;; esac\n${interactive}` }),
  ).toEqual({
    kind: 'read',
    env: { ODD: VALUE, PATH: expect.stringMatching(/^\/opt\/tools\/bin:.*\/usr\/bin/) },
  });
});

test.concurrent('variables of the reading process are not mistaken for those of a login shell', async () => {
  const reading = await read(
    {},
    { ANTHROPIC_API_KEY: 'secret', NODE_ENV: 'test', TERM: 'xterm', LANG: 'C.UTF-8' },
  );
  expect(reading).toEqual({ kind: 'read', env: { PATH: expect.any(String) } });
});

test.concurrent('start-up files that start another program when interactive are read by a plain shell', async () => {
  const reading = await read({ '.bash_profile': 'case $- in *i*) exec true ;; esac\nexport PLAIN=1\n' });
  expect(reading).toMatchObject({ kind: 'read', env: { PLAIN: '1' } });
});

test.concurrent('sh is read as well', async () => {
  const reading = await read({ '.profile': 'export FROM_PROFILE=1\n' }, { SHELL: '/bin/sh' });
  expect(reading).toMatchObject({ kind: 'read', env: { FROM_PROFILE: '1' } });
});

test.concurrent.each([
  ['no shell', '', 'SHELL names no program'],
  ['a bare name', 'bash', 'SHELL names no program'],
  ['a missing shell', '/no/such/shell', 'ended without an answer'],
  ['a program that is not a shell', '/bin/false', 'ended without an answer'],
])('with %s the environment is unknown, and the reason is reported', async (_what, SHELL, why) => {
  expect(await read({}, { SHELL })).toEqual({ kind: 'unknown', why: expect.stringContaining(why) });
});

test.concurrent('start-up files that never end use up the time limit and leave nothing behind', async () => {
  const reading = await read({ '.bash_profile': "trap '' TERM\nsleep 4243 & sleep 4243\nexec sleep 4243\n" });
  expect(reading).toEqual({ kind: 'unknown', why: '/bin/bash did not answer within 5 s', isSlow: true });
  const { stdout } = await runCommand('ps', ['-A', '-o', 'args=']);
  expect(stdout).not.toContain('sleep 4243');
});

test.concurrent('a shell that did not answer in time is asked again where its variables are needed', async () => {
  await using home = await tempDir();
  const free = join(home.path, 'free');
  const profile = '[ -e ~/free ] || exec sleep 4246\nexport FROM_LOGIN=1\n';
  await writeFile(join(home.path, '.bash_profile'), profile);
  const environment = new ChildrenEnvironment({ SHELL: '/bin/bash', PATH: '/bin', HOME: home.path });
  expect(await environment.read()).toMatchObject({ kind: 'unknown', isSlow: true });
  await writeFile(free, '');
  expect(await environment.readPatiently()).toMatchObject({ kind: 'read', env: { FROM_LOGIN: '1' } });
  expect(await environment.read()).toMatchObject({ kind: 'read' });
});

test("samocode's own variables override those of a login shell, and folders of PATH are joined", () => {
  const login = { PATH: '/opt/bin:/usr/bin', KEY: 'of the shell', ONLY: 'there' };
  expect(withLogin({ PATH: '/usr/bin:/client/bin', KEY: 'of the client' }, login)).toEqual({
    PATH: '/opt/bin:/usr/bin:/client/bin',
    KEY: 'of the client',
    ONLY: 'there',
  });
});

test.each([
  [{ TERM: 'xterm-256color' }, true],
  [{ TERM: 'dumb' }, false],
  [{ TERM: '' }, false],
  [{}, false],
])('the environment %o comes from a terminal: %s', (env, isIt) => {
  expect(isFromTerminal(env)).toBe(isIt);
});

test.concurrent('a session that is started from a terminal has only that environment', async () => {
  const env = { TERM: 'xterm', SHELL: '/bin/bash' };
  expect(await environmentOfSessions(env, '/nowhere')).toBe(env);
});

test.concurrent('readings at the same time share one shell, and a later one starts a new shell', async () => {
  await using home = await tempDir();
  // Nothing can be written there.
  await writeFile(join(home.path, '.bash_profile'), 'export ID=$(cat /proc/sys/kernel/random/uuid)\n');
  const read = async () => {
    const reading = await readLoginEnvironment({ SHELL: '/bin/bash', PATH: '/bin' }, home.path);
    return reading.kind === 'read' ? reading.env.ID : undefined;
  };
  const [first, ...others] = await Promise.all([read(), read(), read()]);
  expect(first).toMatch(/^[0-9a-f-]{36}$/);
  expect(others).toEqual([first, first]);
  expect(await read()).not.toBe(first);
});

test.concurrent('no shell is started where settings let agents write what its start-up files run, and the reason says which', async () => {
  await using home = await tempDir();
  await writeFile(join(home.path, '.bash_profile'), 'export ONE=1\n');
  const refusalOf = (sandbox: string, ...write: string[]) =>
    loginRefusal({ sandbox, openings: { write } }, home.path);
  for (const open of [[], [join(home.path, '.cache')]]) expect(refusalOf('auto', ...open)).toBeUndefined();
  expect(refusalOf('guard', '/srv', dirname(home.path))).toContain(
    `SANDBOX_WRITE opens ${dirname(home.path)}`,
  );
  const why = refusalOf('off');
  expect(why).toContain('SANDBOX is off');
  const env = { SHELL: '/bin/bash', PATH: '/bin' };
  expect(await readLoginEnvironment(env, home.path, why)).toEqual({ kind: 'unknown', why });
  expect(await environmentOfSessions(env, home.path, why)).toBe(env);
});

test.concurrent('without bubblewrap a login shell is read as before, and the reading says so', async () => {
  await using home = await tempDir();
  const shell = join(home.path, 'shell');
  await writeFile(shell, '#!/bin/sh\nexport TWO=2\nexec /bin/sh "$@"\n', { mode: 0o755 });
  // Stands for a bubblewrap that the machine forbids.
  const folder = await tempDir();
  await using _ = folder;
  await writeFile(join(folder.path, 'bwrap'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  expect(await readLoginEnvironment({ SHELL: shell, PATH: folder.path }, home.path)).toMatchObject({
    kind: 'read',
    env: { TWO: '2' },
    unguarded: 'bubblewrap (bwrap) does not work here',
  });
});

/** A shell that takes flags as some do, and reads its variables only as a login shell. */
async function readWith(script: string, bwrap?: string) {
  await using home = await tempDir();
  const shell = join(home.path, 'shell');
  await writeFile(shell, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  if (bwrap !== undefined) await writeFile(join(home.path, 'bwrap'), bwrap, { mode: 0o755 });
  const PATH = bwrap === undefined ? '/usr/bin:/bin' : home.path;
  return await readLoginEnvironment({ SHELL: shell, PATH }, home.path);
}

test.concurrent.each([
  [
    'takes no joined flags',
    '[ "$1" = -l ] && [ "$2" = -i ] || exit 1; shift 2; export IT=1; exec /bin/sh "$@"',
  ],
  ['takes -c alone', '[ "$1" = -c ] || exit 1; export IT=1; exec /bin/sh "$@"'],
])('a shell that %s is read', async (_what, script) => {
  expect(await readWith(script)).toMatchObject({ kind: 'read', env: { IT: '1' } });
});

test.concurrent('a shell without an answer is named with the last line of its errors', async () => {
  const why = expect.stringMatching(/ended without an answer: unknown flag -l$/);
  expect(await readWith('echo usage >&2; echo "unknown flag -l" >&2; exit 2')).toEqual({
    kind: 'unknown',
    why,
  });
});

test.concurrent('where only network namespaces are refused, a login shell is read in a guard that shares the network', async () => {
  // Bubblewrap in many containers; it runs what follows `--`.
  const bwrap =
    '#!/bin/sh\ncase " $* " in *" --unshare-net "*) exit 1 ;; esac\nwhile [ "$1" != -- ]; do shift; done; shift\nGUARDED=yes exec "$@"\n';
  const reading = await readWith('exec /bin/sh "$@"', bwrap);
  expect(reading).toEqual({ kind: 'read', env: expect.objectContaining({ GUARDED: 'yes' }) });
});
