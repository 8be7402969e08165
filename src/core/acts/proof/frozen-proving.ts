import type { Proving } from '../../kernel/phases/proving.ts';
import { keptOf, type Settings } from '../../project/settings/settings.ts';

/** Where and how checks run, from the project's settings. */
export function frozenProving(values: Settings): Proving {
  const { checks, checkIn, checkCopy = [], checkHome, checkTimeoutSeconds, oldTests, bite } = values;
  return {
    in: checkIn,
    fast: checks.filter(({ key }) => key.startsWith('CHECK_FAST')).map(({ command }) => command),
    copy: [...checkCopy],
    home: checkHome && [...checkHome],
    timeoutMs: checkTimeoutSeconds * 1000,
    setup: values.setup,
    ...(oldTests === 'off' && { oldTests }),
    ...(bite === 'off' && { bite }),
    application: keptOf(values).application,
  };
}
