import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { replaceMonitor } from '../../src/machine/service/replace-monitor.ts';
import { CRONTAB, LAUNCHCTL, SYSTEMCTL, serviceMachine } from '../support/service-machine.ts';

const program = '/opt/samocode/supervisor.cjs';
const UNITS = '.config/systemd/user';
const AGENTS = 'Library/LaunchAgents';

/** A machine on which samocode 0.1 has installed its monitor, by the recording of that release. */
async function machineOf01(service: 'systemd' | 'launchd' | 'cron', programs: Record<string, string>) {
  const here = await serviceMachine(programs);
  const path = join(import.meta.dirname, `../golden/release-0.1/service-${service}.json`);
  const { files } = JSON.parse(await readFile(path, 'utf8')) as { files: Record<string, string> };
  for (const [name, text] of Object.entries(files).filter(([name]) => name.startsWith('home/')))
    await here.write(name.slice('home/'.length), text.replaceAll('@ROOT@/home', here.context.home));
  return here;
}

test('the unit of the monitor is replaced by one of the supervisor, which is started before that ends', async () => {
  await using here = await machineOf01('systemd', { systemctl: SYSTEMCTL });
  expect(await replaceMonitor({ program, platform: 'linux' }, here.context)).toEqual({
    isService: true,
    notes: ['The systemd service of the monitor was replaced with the service of the supervisor.'],
  });
  expect(await here.read(`${UNITS}/samocode-monitor.service`)).toBeUndefined();
  expect(await here.read(`${UNITS}/samocode-supervisor.service`)).toContain(
    '"/opt/samocode/supervisor.cjs" "--stay"',
  );
  const calls = ((await here.read('calls')) ?? '').split('\n');
  const started = calls.indexOf('--user restart samocode-supervisor.service');
  expect(started).toBeGreaterThan(0);
  expect(calls.indexOf('--user disable --now --no-block samocode-monitor.service')).toBeGreaterThan(started);
  expect(await replaceMonitor({ program, platform: 'linux' }, here.context)).toEqual({
    isService: false,
    notes: [],
  });
});

test('the agent of the monitor is replaced by one of the supervisor on macOS', async () => {
  await using here = await machineOf01('launchd', { launchctl: LAUNCHCTL });
  const { isService } = await replaceMonitor({ program, platform: 'darwin' }, here.context);
  expect(isService).toBe(true);
  expect(await here.read(`${AGENTS}/dev.samocode.monitor.plist`)).toBeUndefined();
  expect(await here.read(`${AGENTS}/dev.samocode.supervisor.plist`)).toContain('<string>--stay</string>');
});

test('the line of the monitor is removed from the crontab by what it has started, and every other byte stays', async () => {
  await using here = await machineOf01('cron', { crontab: CRONTAB });
  const table = join(here.context.home, 'table');
  const own = Buffer.from('# t\xe4glich\n5 4 * * * backup\n', 'latin1');
  const line = (home: string) =>
    `@reboot HOME='${home}' 'node' 'samocode.js' 'monitor' >/dev/null 2>&1 # samocode monitor\n`;
  const others = Buffer.from(line('/home/other'));
  await here.write('table', Buffer.concat([own, Buffer.from(line(here.context.home)), others]));
  expect((await replaceMonitor({ program, platform: 'linux' }, here.context)).notes).toEqual([]);
  const { isService, notes } = await replaceMonitor(
    { program, platform: 'linux', isMonitor: true },
    here.context,
  );
  expect({ isService, notes }).toEqual({ isService: false, notes: [expect.stringContaining('crontab')] });
  expect(await readFile(table)).toEqual(Buffer.concat([own, others]));
});

test('a home without a trace of the monitor starts no program', async () => {
  await using here = await serviceMachine({
    systemctl: SYSTEMCTL,
    crontab: CRONTAB.replace('sh\n', 'sh\ntouch "$HOME/asked"\n'),
  });
  await replaceMonitor({ program, platform: 'linux' }, here.context);
  expect([await here.read('calls'), await here.read('asked')]).toEqual([undefined, undefined]);
});

test('a unit that cannot be replaced now stays, and the log says why', async () => {
  await using here = await machineOf01('systemd', {});
  const { isService, notes } = await replaceMonitor({ program, platform: 'linux' }, here.context);
  expect({ isService, notes }).toEqual({
    isService: false,
    notes: [expect.stringContaining('neither a systemd')],
  });
  expect(await here.read(`${UNITS}/samocode-monitor.service`)).toContain('monitor');
});
