import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installCli } from '../../../support/install-clis.ts';
import { codexServer } from '../../../support/model-stub/codex-server.ts';
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
    ...codexServer(server, serverEnv),
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
