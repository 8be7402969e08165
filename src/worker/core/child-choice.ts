import type { Phase } from '../../phases/table.ts';
import type { Provider } from '../../providers/contract/provider.ts';
import { providerNamed } from '../../providers/registry.ts';
import { stateOf, type Worker } from './worker.ts';

export interface ChildChoice {
  provider: Provider;
  model: string;
}

/** The provider and model of a phase: as a person chose them at a resume, else as the session froze them. */
export function childChoice(worker: Worker, phase: Phase): ChildChoice {
  const { settings } = worker.file;
  const { chosen } = stateOf(worker);
  if (chosen?.provider !== undefined)
    return { provider: providerNamed(chosen.provider), model: chosen.model };
  const provider = providerNamed(settings.providers[phase] ?? settings.provider);
  return { provider, model: settings.models[phase] ?? chosen?.model ?? settings.model };
}

/** The path of a provider's CLI, as it was found when somebody chose that provider. */
export function cliPathOf(worker: Worker, provider: string): string | undefined {
  if (provider === 'rehearsal') return worker.rehearsalProgram;
  const { chosen } = stateOf(worker);
  const own = chosen?.provider === provider ? chosen.cliPath : undefined;
  return own ?? worker.file.settings.cliPaths[provider];
}
