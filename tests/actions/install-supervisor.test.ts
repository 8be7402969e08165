import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ActionContext } from '../../src/actions/context.ts';
import { installedMonitor, installMonitor, uninstallMonitor } from '../../src/actions/install-supervisor.ts';
import { launchdService } from '../../src/actions/supervisor-service/launchd.ts';
import { systemClock } from '../../src/base/clock.ts';
import { systemHost } from '../../src/base/host.ts';
import { tempDir } from '../support/temp-dir.ts';

const PROGRAM = '/opt/my tools/100%/samocode.js';

// Keeps its state in a folder, as the real one does: `enable` makes a file that `is-enabled` looks for, and so on.
const SYSTEMCTL = `#!/bin/sh
echo "$*" >> "$HOME/calls"
case "$2" in
  enable) touch "$HOME/enabled" ;;
  disable) rm -f "$HOME/enabled" "$HOME/active" ;;
  is-enabled) test -e "$HOME/enabled" ;;
  reset-failed) [ -e "$HOME/failed" ] || exit 1; rm "$HOME/failed" ;;
  restart) [ -e "$HOME/failed" ] && exit 1; touch "$HOME/active" ;;
  is-active) test -e "$HOME/active" ;;
esac
`;
const CRONTAB = `#!/bin/sh
if [ "$1" = -l ]; then
  [ -e "$HOME/broken" ] && { echo "cannot open the spool" >&2; exit 1; }
  [ -e "$HOME/table" ] || { echo "no crontab for somebody" >&2; exit 1; }
  cat "$HOME/table"
else
  cat > "$HOME/table"
fi
`;

async function machine(programs: Record<string, string>) {
  const dir = await tempDir();
  const bin = join(dir.path, 'bin');
  await mkdir(bin);
  for (const [name, text] of Object.entries(programs)) {
    await writeFile(join(bin, name), text);
    await chmod(join(bin, name), 0o755);
  }
  for (const name of ['cat', 'grep', 'rm', 'touch', 'sh']) {
    await writeFile(join(bin, name), `#!/bin/sh\nPATH=/usr/bin:/bin exec ${name} "$@"\n`);
    await chmod(join(bin, name), 0o755);
  }
  const context: ActionContext = {
    clock: systemClock,
    host: await systemHost(),
    env: { PATH: bin, HOME: dir.path },
    home: dir.path,
    cwd: dir.path,
    by: { channel: 'cli' },
    programs: { worker: '', rehearsal: '' },
  };
  const read = (name: string) => readFile(join(dir.path, name), 'utf8').catch(() => undefined);
  const write = (name: string, text: string) => writeFile(join(dir.path, name), text);
  return { context, read, write, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

const UNIT = '.config/systemd/user/samocode-monitor.service';

test('on a machine with systemd a unit is written and started, once, and taken out again', async () => {
  await using here = await machine({ systemctl: SYSTEMCTL, crontab: CRONTAB });
  const input = { program: PROGRAM, dryRun: false };
  const dry = await installMonitor({ ...input, dryRun: true }, here.context);
  expect(dry).toMatchObject({ outcome: 'would_change', services: ['systemd'] });
  expect(dry.steps[0]).toContain('KillMode=process');
  expect(await here.read(UNIT)).toBeUndefined();

  expect(await installMonitor(input, here.context)).toMatchObject({ outcome: 'changed' });
  const unit = await here.read(UNIT);
  expect(unit).toContain(`ExecStart="${process.execPath}" "/opt/my tools/100%%/samocode.js" "monitor"`);
  expect(await here.read('calls')).toContain('--user restart samocode-monitor.service');
  expect(await installMonitor(input, here.context)).toMatchObject({ outcome: 'nothing_to_do' });

  expect(await uninstallMonitor({ dryRun: true }, here.context)).toMatchObject({ outcome: 'would_change' });
  expect(await here.read(UNIT)).toBe(unit);
  expect(await uninstallMonitor({ dryRun: false }, here.context)).toMatchObject({ services: ['systemd'] });
  expect(await here.read(UNIT)).toBeUndefined();
  expect(await here.read('enabled')).toBeUndefined();
  expect(await uninstallMonitor({ dryRun: false }, here.context)).toMatchObject({ outcome: 'nothing_to_do' });
});

test('a unit that was stopped or has failed is started again', async () => {
  await using here = await machine({ systemctl: SYSTEMCTL });
  const input = { program: PROGRAM, dryRun: false };
  await installMonitor(input, here.context);
  await rm(join(here.context.home, 'active'));
  expect(await installMonitor(input, here.context)).toMatchObject({ outcome: 'changed' });
  await rm(join(here.context.home, 'active'));
  await here.write('failed', '');
  expect(await installMonitor(input, here.context)).toMatchObject({ outcome: 'changed' });
  expect(await here.read('active')).toBe('');
  expect(await installMonitor(input, here.context)).toMatchObject({ outcome: 'nothing_to_do' });
});

test('a dollar is written twice in the command of a unit alone', async () => {
  await using here = await machine({ systemctl: SYSTEMCTL });
  const env = { ...here.context.env, PATH: `${here.context.env.PATH}:/opt/$new/100%` };
  await installMonitor({ program: '/opt/$new/samocode.js', dryRun: false }, { ...here.context, env });
  const unit = await here.read(UNIT);
  expect(unit).toContain('"/opt/$$new/samocode.js"');
  expect(unit).toContain(':/opt/$new/100%%"');
});

test('what leads to an account is handed to the monitor, a secret never, and that is said', async () => {
  const env = {
    CLAUDE_CONFIG_DIR: '/home/x/it is mine',
    OPENAI_BASE_URL: 'https://gate.example/v1',
    https_proxy: 'http://proxy:3128',
    HTTPS_PROXY: 'http://me:word@proxy:3128',
    ALL_PROXY: 'me:word@proxy:3128',
    ANTHROPIC_BASE_URL: 'https://gate.example/?key=word',
    CODEX_HOME: '/one\nExecStart=/two',
    ANTHROPIC_API_KEY: 'word',
    OTHER: 'word',
  };
  for (const programs of [{ systemctl: SYSTEMCTL }, { crontab: CRONTAB }]) {
    await using here = await machine(programs);
    const context = { ...here.context, env: { ...here.context.env, ...env } };
    const { next } = await installMonitor({ program: PROGRAM, dryRun: false }, context);
    const text = `${await here.read(UNIT)}${await here.read('table')}`;
    expect(text).toMatch(/CLAUDE_CONFIG_DIR='?\/home\/x\/it is mine/);
    expect(text).toContain('gate.example/v1');
    expect(text).toContain('proxy:3128');
    expect(text).not.toMatch(/word|two|OTHER/);
    expect(next).toContain('CODEX_HOME, ANTHROPIC_BASE_URL, HTTPS_PROXY, ALL_PROXY, ANTHROPIC_API_KEY.');
    expect(next).not.toContain('word');
  }
  await using here = await machine({ systemctl: SYSTEMCTL });
  const { next } = await installMonitor({ program: PROGRAM, dryRun: false }, here.context);
  expect(next).not.toContain('secret');
});

test('the command that was installed is read back word by word', async () => {
  const program = `/opt/it's "R&D" <new>/$a %b \\c/samocode.js`;
  const command = [process.execPath, program, 'monitor'];
  for (const programs of [{ systemctl: SYSTEMCTL }, { crontab: CRONTAB }]) {
    await using here = await machine(programs);
    expect(await installedMonitor(here.context)).toBeUndefined();
    await installMonitor({ program, dryRun: false }, here.context);
    expect(await installedMonitor(here.context)).toMatchObject({ command });
  }
  await using here = await mac();
  await here.install(program);
  expect(await launchdService.installedCommand(here.context)).toEqual(command);
});

test('a unit of an older version is replaced', async () => {
  await using here = await machine({ systemctl: SYSTEMCTL });
  await installMonitor({ program: '/old/samocode.js', dryRun: false }, here.context);
  expect(await installMonitor({ program: PROGRAM, dryRun: false }, here.context)).toMatchObject({
    outcome: 'changed',
  });
  expect(await here.read(UNIT)).toContain('/opt/my tools');
});

test('without systemd it is one line of the crontab, and every other line stays', async () => {
  await using here = await machine({ crontab: CRONTAB });
  const own = '# mine\n5 4 * * * backup';
  await here.write('table', own);
  const input = { program: PROGRAM, dryRun: false };
  expect(await installMonitor(input, here.context)).toMatchObject({
    services: ['cron'],
    next: expect.stringContaining('until then'),
  });
  const table = await here.read('table');
  expect(table?.startsWith(`${own}\n@reboot HOME='`)).toBe(true);
  expect(table).toContain("'/opt/my tools/100\\%/samocode.js' 'monitor'");
  expect(await installMonitor(input, here.context)).toMatchObject({ outcome: 'nothing_to_do' });
  expect(await here.read('table')).toBe(table);
  expect(await uninstallMonitor({ dryRun: false }, here.context)).toMatchObject({
    next: expect.stringContaining('runs on until'),
  });
  expect(await here.read('table')).toBe(`${own}\n`);
});

test('a crontab that is no UTF-8 keeps its bytes, beside a program of any name', async () => {
  await using here = await machine({ crontab: CRONTAB });
  const table = join(here.context.home, 'table');
  const own = Buffer.from('# t\xe4glich\n5 4 * * * backup\n', 'latin1');
  await writeFile(table, own);
  const input = { program: '/opt/größe/samocode.js', dryRun: false };
  const { steps } = await installMonitor(input, here.context);
  expect(steps.join()).toContain('/opt/größe/samocode.js');
  const bytes = await readFile(table);
  expect(bytes.subarray(0, own.length)).toEqual(own);
  expect(bytes.includes("'/opt/größe/samocode.js'")).toBe(true);
  expect(await installMonitor(input, here.context)).toMatchObject({ outcome: 'nothing_to_do' });
  await uninstallMonitor({ dryRun: false }, here.context);
  expect(await readFile(table)).toEqual(own);
});

test('a person without a crontab gets one, and one that cannot be read is left alone', async () => {
  await using here = await machine({ crontab: CRONTAB });
  await installMonitor({ program: PROGRAM, dryRun: false }, here.context);
  expect(await here.read('table')).toMatch(/^@reboot .*# samocode monitor\n$/);
  await here.write('broken', '');
  await expect(installMonitor({ program: '/other.js', dryRun: false }, here.context)).rejects.toMatchObject({
    code: 'crontab_unreadable',
  });
});

// As the one of macOS answers: an agent that is not loaded can't be let go, and is not loaded twice.
const LAUNCHCTL = `#!/bin/sh
echo "$*" >> "$HOME/calls"
case "$1" in
  version) ;;
  bootstrap) [ -e "$HOME/loaded" ] && exit 5; grep -q ProgramArguments "$3" && touch "$HOME/loaded" ;;
  bootout) [ -e "$HOME/loaded" ] || exit 3; rm "$HOME/loaded" ;;
  print) test -e "$HOME/loaded" ;;
  *) exit 64 ;;
esac
`;
const PLIST = 'Library/LaunchAgents/dev.samocode.monitor.plist';

async function mac(programs: Record<string, string> = { launchctl: LAUNCHCTL }) {
  const here = await machine(programs);
  const calls = async () =>
    ((await here.read('calls')) ?? '').split('\n').filter((line) => !/^(version|$)/.test(line));
  const install = (program = PROGRAM, dryRun = false) =>
    installMonitor({ program, dryRun, platform: 'darwin' }, here.context);
  const uninstall = (dryRun = false) => uninstallMonitor({ dryRun, platform: 'darwin' }, here.context);
  return { ...here, calls, install, uninstall };
}

test('on macOS an agent is written and loaded, once, and taken out again', async () => {
  await using here = await mac();
  expect(await here.install(PROGRAM, true)).toMatchObject({ outcome: 'would_change', services: ['launchd'] });
  expect(await here.read(PLIST)).toBeUndefined();
  expect(await here.calls()).toEqual([]);

  expect(await here.install()).toMatchObject({
    outcome: 'changed',
    next: expect.stringContaining('logged in'),
  });
  const domain = `gui/${process.getuid?.()}`;
  const path = `${here.context.home}/${PLIST}`;
  expect(await here.calls()).toEqual([
    `bootout ${domain}/dev.samocode.monitor`,
    `bootstrap ${domain} ${path}`,
  ]);
  expect(await here.read('loaded')).toBe('');
  expect(await here.install()).toMatchObject({ outcome: 'nothing_to_do' });

  expect(await here.uninstall(true)).toMatchObject({ outcome: 'would_change', services: ['launchd'] });
  expect(await here.uninstall()).toMatchObject({ outcome: 'changed' });
  expect(await here.read(PLIST)).toBeUndefined();
  expect(await here.read('loaded')).toBeUndefined();
  expect(await here.uninstall()).toMatchObject({ outcome: 'nothing_to_do' });
});

test('the agent names our program and the environment word by word, and outlives no worker of ours', async () => {
  await using here = await mac();
  await here.install('/opt/R&D <new>/samocode.js');
  const words = ((await here.read(PLIST)) ?? '').replace(/\s+/g, ' ');
  expect(words).toContain(
    `<key>ProgramArguments</key><array> <string>${process.execPath}</string> <string>/opt/R&amp;D &lt;new&gt;/samocode.js</string> <string>monitor</string> </array>`,
  );
  expect(words).toContain(`<key>HOME</key><string>${here.context.home}</string>`);
  expect(words).toContain(`<key>PATH</key><string>${here.context.env.PATH}</string>`);
  expect(words).toContain('<key>AbandonProcessGroup</key><true/>');
  expect(words).toContain('<key>RunAtLoad</key><true/>');
});

test('an agent of an older version is let go and loaded anew, one that was let go is loaded again', async () => {
  await using here = await mac();
  await here.install('/old/samocode.js');
  expect(await here.install()).toMatchObject({ outcome: 'changed' });
  expect(await here.read(PLIST)).toContain('/opt/my tools/100%/samocode.js');
  await rm(`${here.context.home}/loaded`);
  expect(await here.install()).toMatchObject({ outcome: 'changed' });
  expect(await here.read('loaded')).toBe('');
});

test('a launchd that refuses the agent is told, and on a Mac without it the crontab takes the line', async () => {
  const refusing = LAUNCHCTL.replace('bootstrap)', 'bootstrap) exit 5 ;; never)');
  await using here = await mac({ launchctl: refusing });
  await expect(here.install()).rejects.toMatchObject({ code: 'service_command_failed' });
  await using bare = await mac({ crontab: CRONTAB });
  expect(await bare.install()).toMatchObject({ outcome: 'changed', services: ['cron'] });
});

test('a machine with neither says so, and a copy in the cache of npx is refused', async () => {
  await using here = await machine({});
  await expect(installMonitor({ program: PROGRAM, dryRun: false }, here.context)).rejects.toMatchObject({
    code: 'no_service',
  });
  const program = '/home/x/.npm/_npx/1234/node_modules/samocode-mcp/dist/samocode.js';
  await expect(installMonitor({ program, dryRun: false }, here.context)).rejects.toMatchObject({
    code: 'program_not_lasting',
  });
});
