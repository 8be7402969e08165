import { join } from 'node:path';
import type { ScriptedModel } from '../../support/model-stub/scripted-model.ts';

/** SANDBOX=strict with what these sessions need: a model on this machine with its key, and the folder of the CLIs. */
export function strictLines(model: ScriptedModel | undefined, read: readonly string[] = []) {
  return {
    SANDBOX: 'strict',
    SANDBOX_PORTS: new URL(model?.url ?? '').port,
    SANDBOX_ENV: 'STUB_KEY',
    SANDBOX_READ: [join(process.cwd(), '.cache/clis'), ...read].join(','),
  };
}
