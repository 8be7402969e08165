import type { Provider } from '../../agents/contract/provider.ts';
import { providerNamed } from '../../agents/registry.ts';
import type { Phase } from '../../kernel/phases/table.ts';
import type { SessionFile } from '../../session/events/bodies/session-file.ts';
import type { SessionState } from '../../session/events/state.ts';

export interface Chooser {
  readonly file: SessionFile;
  readonly writer: { readonly state: SessionState };
}

export interface AgentChoice {
  provider: Provider;
  model: string;
}

/** The provider and model of a phase: a person's choice at a resume, otherwise those frozen with the session. */
export function agentChoice({ file, writer }: Chooser, phase: Phase): AgentChoice {
  const { settings } = file;
  const { chosen } = writer.state;
  if (chosen?.provider !== undefined)
    return { provider: providerNamed(chosen.provider), model: chosen.model };
  const provider = providerNamed(settings.providers[phase] ?? settings.provider);
  return { provider, model: settings.models[phase] ?? chosen?.model ?? settings.model };
}
