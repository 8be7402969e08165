import type { Application } from '../../kernel/phases/application.ts';
import type { Proving } from '../../kernel/phases/proving.ts';
import { INIT } from '../../project/settings/application-settings.ts';
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
    application: frozenApplication(values),
  };
}

function frozenApplication(values: ResolvedSettings['values']): Application | undefined {
  const { ports = [], services, ready, serviceEnv, servicesIn, pages = [], picturesUpload } = values;
  const isNeeded = ports.length + services.length + serviceEnv.length > 0;
  if (!isNeeded) return undefined;
  const inLowerCase = services.map(({ name, value }) => ({ name: name.toLowerCase(), command: value }));
  const init = inLowerCase.find(({ name }) => name === INIT);
  return {
    ports: [...ports],
    services: inLowerCase.filter((service) => service !== init),
    ...(init && { init: init.command }),
    ready: Object.fromEntries(ready.map(({ name, value }) => [name.toLowerCase(), value])),
    env: Object.fromEntries(serviceEnv.map(({ name, value }) => [name, value])),
    in: [...servicesIn],
    pages: [...pages],
    ...(picturesUpload === 'yes' && { uploads: true as const }),
  };
}
