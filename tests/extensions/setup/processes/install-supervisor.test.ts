// @module-tag ci
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { launchdService } from '../../../../src/extensions/setup/service/launchd.ts';
import {
  installedSupervisor,
  installSupervisor,
  uninstallSupervisor,
} from '../../../../src/extensions/setup/service/service.ts';
import { CRONTAB, LAUNCHCTL, SYSTEMCTL, serviceMachine } from '../../../support/service-machine.ts';

const PROGRAM = '/opt/my tools/100%/supervisor.cjs';

const UNIT = '.config/systemd/user/samocode-supervisor.service';

test('on a machine with systemd a unit is written and started, once, and removed again', async () => {
  await using here = await serviceMachine({ systemctl: SYSTEMCTL });
  const input = { program: PROGRAM, dryRun: false };
  const dry = await installSupervisor({ ...input, dryRun: true }, here.context);
  expect(dry).toMatchObject({ outcome: 'would_change', services: ['systemd'] });
  expect(dry.steps[0]).toContain('KillMode=process');
  expect(await here.read(UNIT)).toBeUndefined();

  expect(await installSupervisor(input, here.context)).toMatchObject({ outcome: 'changed' });
  const unit = await here.read(UNIT);
  expect(unit).toContain(`ExecStart="${process.execPath}" "/opt/my tools/100%%/supervisor.cjs" "--stay"`);
  expect(await here.read('calls')).toContain('--user restart samocode-supervisor.service');
  expect(await installSupervisor(input, here.context)).toMatchObject({ outcome: 'nothing_to_do' });

  expect(await uninstallSupervisor({ dryRun: true }, here.context)).toMatchObject({
    outcome: 'would_change',
  });
  expect(await here.read(UNIT)).toBe(unit);
  expect(await uninstallSupervisor({ dryRun: false }, here.context)).toMatchObject({ services: ['systemd'] });
  expect(await here.read(UNIT)).toBeUndefined();
  expect(await here.read('enabled')).toBeUndefined();
  expect(await uninstallSupervisor({ dryRun: false }, here.context)).toMatchObject({
    outcome: 'nothing_to_do',
  });
});

test('a unit that was stopped or has failed is started again', async () => {
  await using here = await serviceMachine({ systemctl: SYSTEMCTL });
  const input = { program: PROGRAM, dryRun: false };
  await installSupervisor(input, here.context);
  await rm(join(here.context.home, 'active'));
  expect(await installSupervisor(input, here.context)).toMatchObject({ outcome: 'changed' });
  await rm(join(here.context.home, 'active'));
  await here.write('failed', '');
  expect(await installSupervisor(input, here.context)).toMatchObject({ outcome: 'changed' });
  expect(await here.read('active')).toBe('');
  expect(await installSupervisor(input, here.context)).toMatchObject({ outcome: 'nothing_to_do' });
});

test('a dollar sign is doubled only in the command of a unit', async () => {
  await using here = await serviceMachine({ systemctl: SYSTEMCTL });
  const env = { ...here.context.env, PATH: `${here.context.env.PATH}:/opt/$new/100%` };
  await installSupervisor({ program: '/opt/$new/supervisor.cjs', dryRun: false }, { ...here.context, env });
  const unit = await here.read(UNIT);
  expect(unit).toContain('"/opt/$$new/supervisor.cjs"');
  expect(unit).toContain(':/opt/$new/100%%"');
});

test('a variable that is set here but not in a login shell is named at the installation, and no value is written', async () => {
  await using here = await serviceMachine({ systemctl: SYSTEMCTL });
  const env = {
    ...here.context.env,
    SHELL: '/bin/sh',
    ANTHROPIC_API_KEY: 'word',
    HTTPS_PROXY: 'http://me:word@proxy',
  };
  const context = { ...here.context, env };
  const input = { program: PROGRAM, dryRun: false };
  const { next } = await installSupervisor(input, context);
  expect(next).toContain('HTTPS_PROXY, ANTHROPIC_API_KEY.');
  expect(`${next}${await here.read(UNIT)}`).not.toContain('word');

  await uninstallSupervisor({ dryRun: false }, context);
  await here.write('.profile', 'export ANTHROPIC_API_KEY=word HTTPS_PROXY=http://me:word@proxy\n');
  expect((await installSupervisor(input, context)).next).not.toContain('login shell');
});

test('the command that was installed is read back argument by argument', async () => {
  const program = `/opt/it's "R&D" <new>/$a %b \\c/supervisor.cjs`;
  const command = [process.execPath, program, '--stay'];
  await using here = await serviceMachine({ systemctl: SYSTEMCTL });
  expect(await installedSupervisor(here.context)).toBeUndefined();
  await installSupervisor({ program, dryRun: false }, here.context);
  expect(await installedSupervisor(here.context)).toMatchObject({ command });
  await using apple = await mac();
  await apple.install(program);
  expect(launchdService.commandIn((await apple.read(PLIST)) ?? '')).toEqual(command);
});

test('a unit of an older version is replaced', async () => {
  await using here = await serviceMachine({ systemctl: SYSTEMCTL });
  await installSupervisor({ program: '/old/supervisor.cjs', dryRun: false }, here.context);
  expect(await installSupervisor({ program: PROGRAM, dryRun: false }, here.context)).toMatchObject({
    outcome: 'changed',
  });
  expect(await here.read(UNIT)).toContain('/opt/my tools');
});

const PLIST = 'Library/LaunchAgents/dev.samocode.supervisor.plist';

async function mac(programs: Record<string, string> = { launchctl: LAUNCHCTL }) {
  const here = await serviceMachine(programs);
  const calls = async () =>
    ((await here.read('calls')) ?? '').split('\n').filter((line) => !/^(version|$)/.test(line));
  const install = (program = PROGRAM, dryRun = false) =>
    installSupervisor({ program, dryRun, platform: 'darwin' }, here.context);
  const uninstall = (dryRun = false) => uninstallSupervisor({ dryRun, platform: 'darwin' }, here.context);
  return { ...here, calls, install, uninstall };
}

test('on macOS an agent is written and loaded, once, and removed again', async () => {
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
    `bootout ${domain}/dev.samocode.supervisor`,
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

test('the agent has the program and the environment argument by argument, and does not end running workers', async () => {
  await using here = await mac();
  await here.install('/opt/R&D <new>/supervisor.cjs');
  const words = ((await here.read(PLIST)) ?? '').replace(/\s+/g, ' ');
  expect(words).toContain(
    `<key>ProgramArguments</key><array> <string>${process.execPath}</string> <string>/opt/R&amp;D &lt;new&gt;/supervisor.cjs</string> <string>--stay</string> </array>`,
  );
  expect(words).toContain(`<key>HOME</key><string>${here.context.home}</string>`);
  expect(words).toContain(`<key>PATH</key><string>${here.context.env.PATH}</string>`);
  expect(words).toContain('<key>AbandonProcessGroup</key><true/>');
  expect(words).toContain('<key>RunAtLoad</key><true/>');
});

test('an agent of an older version is unloaded and loaded again, and one that was unloaded is loaded', async () => {
  await using here = await mac();
  await here.install('/old/supervisor.cjs');
  expect(await here.install()).toMatchObject({ outcome: 'changed' });
  expect(await here.read(PLIST)).toContain('/opt/my tools/100%/supervisor.cjs');
  await rm(`${here.context.home}/loaded`);
  expect(await here.install()).toMatchObject({ outcome: 'changed' });
  expect(await here.read('loaded')).toBe('');
});

test('a launchd that refuses the agent is reported', async () => {
  const refusing = LAUNCHCTL.replace('bootstrap)', 'bootstrap) exit 5 ;; never)');
  await using here = await mac({ launchctl: refusing });
  await expect(here.install()).rejects.toMatchObject({ code: 'service_command_failed' });
});

test('a machine with neither says so, and its crontab is not changed', async () => {
  await using here = await serviceMachine({ crontab: CRONTAB });
  await here.write('table', '5 4 * * * backup\n');
  for (const dryRun of [true, false])
    await expect(installSupervisor({ program: PROGRAM, dryRun }, here.context)).rejects.toMatchObject({
      code: 'no_service',
      why: 'This machine has neither a systemd user manager nor launchd.',
      hint: expect.stringContaining('samocode supervisor'),
    });
  expect(await here.read('table')).toBe('5 4 * * * backup\n');
});

test('a copy in the cache of npx is refused', async () => {
  await using here = await serviceMachine({ systemctl: SYSTEMCTL });
  const program = '/home/x/.npm/_npx/1234/node_modules/samocode-mcp/dist/supervisor.cjs';
  await expect(installSupervisor({ program, dryRun: false }, here.context)).rejects.toMatchObject({
    code: 'program_not_lasting',
  });
});
