import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installCli } from '../../../support/install-clis.ts';
import { startService } from '../../../support/model-stub/services.ts';
import { endProcessesOf } from '../../../support/supervisors.ts';
import type { InteractivePlan } from './interactive-claude.ts';
import { openTerminal, type Terminal } from './open-terminal.ts';

/** Codex in a terminal, with every tool of the server allowed, in a folder that is trusted. */
export async function startInteractiveCodex(
  plan: Omit<InteractivePlan, 'isContinued'> & { server: string },
): Promise<Terminal> {
  const { server, serverEnv, homeDir, cwd } = plan;
  const [codex, model] = [await installCli('codex'), await startService('codex', plan.answer)];
  await model.furnish(homeDir);
  const path = join(homeDir, '.codex/config.toml');
  const before = await readFile(path, 'utf8');
  const tables = [
    `[projects.${JSON.stringify(cwd)}]`,
    'trust_level = "trusted"',
    '[mcp_servers.samocode]',
    `command = ${JSON.stringify(process.execPath)}`,
    `args = [${JSON.stringify(server)}]`,
    'default_tools_approval_mode = "approve"',
    // Otherwise Codex begins its turn without the tools of a server that starts too slowly on a busy machine.
    'required = true',
    'startup_timeout_sec = 90',
    '[mcp_servers.samocode.env]',
    ...Object.entries(serverEnv).map(([name, value]) => `${name} = ${JSON.stringify(value)}`),
  ];
  await writeFile(path, ['check_for_update_on_startup = false', before, ...tables].join('\n'));
  const env = {
    PATH: process.env.PATH ?? '',
    LANG: 'C.UTF-8',
    TERM: 'xterm-256color',
    ...model.environmentFor(homeDir),
    ...plan.env,
  };
  const terminal = await openTerminal({ file: codex.path, args: [], cwd, env, ready: /›/ });
  return {
    ...terminal,
    async [Symbol.asyncDispose]() {
      await terminal[Symbol.asyncDispose]();
      // Codex leaves a daemon behind, which nothing else would end.
      await endProcessesOf(homeDir);
      await model.close();
    },
  };
}
