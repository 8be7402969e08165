import type { Provider } from '../../agents/contract/provider.ts';
import { isBundled } from '../../agents/registry.ts';
import { commandWords } from '../../kernel/command-words.ts';
import { isSamocodeError } from '../../kernel/errors.ts';
import { machineSetting } from '../../project/finding/machine-setting.ts';
import { locateCli } from '../../sandbox/programs/locate-cli.ts';
import { loginRefusal } from '../../sandbox/programs/login-shell.ts';
import { nodePath } from '../../sandbox/programs/node-path.ts';
import type { Worker } from './worker.ts';

/** The program of a provider as this machine finds it, whatever a command says; undefined without one. */
export async function findProgram(worker: Worker, cli: Provider): Promise<string | undefined> {
  const { env, file, watch } = worker;
  if (isBundled(cli.name)) return worker.rehearsalProgram;
  try {
    const configured =
      cli.defaultCommand === ''
        ? commandWords(file.settings.acp?.command ?? '')[0]
        : await machineSetting(`${cli.name}Path`, { env, home: watch.home });
    const refusal = loginRefusal(file.settings, watch.home);
    const place = { env, homeDir: watch.home, nodePath: await nodePath(env), checkouts: worker.checkouts };
    return (await locateCli({ cli, configured, refusal, ...place })).path;
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    return undefined;
  }
}
