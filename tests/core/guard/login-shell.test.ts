import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findNodeScript } from '../../../scripts/packages/find-node.ts';
import { stateRoot } from '../../../src/core/kernel/config-folder.ts';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { findGuardTool, insideGuard } from '../../../src/core/sandbox/guard/make-guard.ts';
import { loginGuard } from '../../../src/core/sandbox/programs/login-shell.ts';
import { ci } from '../../support/ci.ts';
import { USERS, type User } from './users.ts';

// What a file can do that an agent of an earlier version wrote and that .bashrc sources.

/** Each prints its name if it succeeds. */
const ATTACKS = `
reached=""
attempt() { name=$1; shift; if (eval "$*") >/dev/null 2>&1; then reached="$reached $name"; fi; }
attempt writes_home ': >"$HOME/planted"'
attempt writes_itself 'echo >>"$HOME/.deno/env"'
attempt writes_the_run_folder ': >"$HOME/.local/state/samocode/planted"'
attempt writes_next_to_home ': >"$BASE_OF_TEST/planted"'
attempt reads_secrets 'grep -q of-the-bot "$HOME/.config/samocode/.env"'
attempt connects_to_a_port 'exec 3<>"/dev/tcp/127.0.0.1/$PORT_OF_TEST"'
attempt connects_to_a_runtime_socket 'test -S "$XDG_RUNTIME_DIR/bus"'
attempt sees_other_processes 'test -d "/proc/$PID_OF_TEST/fd"'
attempt leaves_files_in_tmp ': >"/tmp/planted-$PID_OF_TEST"'
export REACHED="$reached" RAN=yes
`;
/** Only root could reach these without the guard. */
const OF_ROOT = `
attempt writes_settings_of_the_kernel 'exec 3>>/proc/sys/kernel/domainname'
attempt mounts_home_writable 'mount -o remount,rw,bind "$HOME" && : >"$HOME/planted"'
export REACHED="$reached"
`;
const ALL =
  'writes_home writes_itself writes_the_run_folder writes_next_to_home reads_secrets connects_to_a_port connects_to_a_runtime_socket sees_other_processes leaves_files_in_tmp';

async function sceneOf(user: User) {
  // Not below /tmp, of which the guard has another one.
  const base = await mkdtemp('/var/tmp/samocode-test-');
  const home = join(base, 'person');
  const runtime = join(base, 'runtime');
  const folders = [join(home, '.deno'), join(home, '.config/samocode'), stateRoot(home), runtime];
  for (const folder of folders) await mkdir(folder, { recursive: true });
  await writeFile(join(home, '.bash_profile'), '. "$HOME/.bashrc"\n');
  await writeFile(join(home, '.bashrc'), 'export PATH="$HOME/tools:$PATH"\n. "$HOME/.deno/env"\n');
  await writeFile(join(home, '.deno/env'), ATTACKS + (user.isRoot ? OF_ROOT : ''));
  await writeFile(join(home, '.config/samocode/.env'), 'TELEGRAM_BOT_TOKEN=of-the-bot\n');
  const server = net.createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bus = net.createServer();
  await new Promise<void>((resolve) => bus.listen(join(runtime, 'bus'), resolve));
  const other = await runCommand('/bin/sh', ['-c', `chown -R ${user.uid ?? 0}:${user.uid ?? 0} "$0"`, base]);
  if (user.uid !== undefined) expect(other.exitCode).toBe(0);
  const address = server.address();
  const env = {
    HOME: home,
    PATH: '/usr/bin:/bin',
    XDG_RUNTIME_DIR: runtime,
    BASE_OF_TEST: base,
    PORT_OF_TEST: String(typeof address === 'object' ? address?.port : ''),
    PID_OF_TEST: String(process.pid),
  };
  const run = async (command: readonly string[]) => {
    const [file = '', ...args] = [...user.prefix, ...command];
    return await runCommand(file, args, { cwd: home, env, leavesBehind: true });
  };
  return {
    ...{ home, env, run },
    [Symbol.asyncDispose]: async () => {
      server.close();
      bus.close();
      await runCommand('rm', ['-f', `/tmp/planted-${process.pid}`]);
      await rm(base, { recursive: true, force: true });
    },
  };
}

const PRINTS = ['/bin/bash', '-ilc', 'echo "$RAN:$REACHED:$PATH"'];

test.each(USERS)(
  'what a file that .bashrc sources does, a login shell outside of the guard lets it do, as $name',
  async (user) => {
    await using scene = await sceneOf(user);
    const { stdout } = await scene.run(PRINTS);
    const [ran, reached = ''] = stdout.trim().split(':');
    expect(ran).toBe('yes');
    const own = user.isRoot
      ? ALL.split(' ')
      : ALL.split(' ').filter((name) => name !== 'sees_other_processes');
    expect(reached.trim().split(' ')).toEqual(expect.arrayContaining(own));
  },
);

test.each(USERS)(
  'inside it reaches nothing, and its variables and PATH are still read, as $name',
  ci,
  async (user) => {
    await using scene = await sceneOf(user);
    const tool = findGuardTool(scene.env) ?? expect.fail('There is no bubblewrap.');
    const guard = loginGuard(scene.env, scene.home, { ...tool, isRoot: user.isRoot }) ?? expect.fail();
    const { stdout, stderr } = await scene.run(insideGuard(guard, PRINTS));
    const [ran, reached, path] = stdout.trim().split(':');
    expect([ran, reached, path], stderr).toEqual(['yes', ' leaves_files_in_tmp', join(scene.home, 'tools')]);
    // The folder for temporary files is another one.
    await expect(access(`/tmp/planted-${process.pid}`)).rejects.toThrow('ENOENT');
    expect(await readFile(join(scene.home, '.deno/env'), 'utf8')).toContain('RAN=yes');
  },
);

test.each(USERS)('the search for Node asks a login shell in such a guard, too, as $name', async (user) => {
  await using scene = await sceneOf(user);
  const { home } = scene;
  const [bare, tools] = [join(home, 'bare'), join(home, 'tools')];
  for (const folder of [bare, tools]) await mkdir(folder);
  await writeFile(join(tools, 'node'), '#!/bin/sh\necho v22.3.0\n', { mode: 0o755 });
  await writeFile(join(home, '.bashrc'), `PATH=${tools}:/bin\n${ATTACKS}\n`);
  // Nothing but what the start-up files add has a node.
  for (const tool of ['ls', 'sed', 'sort', 'ps', 'awk', 'mktemp', 'cat', 'rm', 'sleep', 'true'])
    await runCommand('/bin/sh', ['-c', `ln -s "$(command -v ${tool})" "$0"`, bare]);
  const script = `${findNodeScript([])}PATH=${bare}; SHELL=/bin/bash; find_node`;
  const { stdout, stderr } = await scene.run(['/bin/sh', '-c', script]);
  expect(stdout.trim(), stderr).toBe(join(tools, 'node'));
  for (const path of [join(home, 'planted'), `/tmp/planted-${process.pid}`])
    await expect(access(path)).rejects.toThrow('ENOENT');
});
