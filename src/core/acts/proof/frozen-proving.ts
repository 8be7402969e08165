import type { Proving } from '../../kernel/phases/proving.ts';
import type { ResolvedSettings } from '../../project/settings/resolve-settings.ts';

/** Where and how checks run, from the project's settings. */
export function frozenProving(values: ResolvedSettings['values']): Proving {
  const { checks, checkIn, checkCopy = [], checkHome, checkFiles, checkTimeoutSeconds } = values;
  return {
    in: checkIn,
    fast: checks.filter(({ key }) => key.startsWith('CHECK_FAST')).map(({ command }) => command),
    copy: [...checkCopy],
    home: checkHome && [...checkHome],
    timeoutMs: checkTimeoutSeconds * 1000,
    setup: values.setup,
    files: checkFiles,
  };
}
