import type { Provider } from '../../agents/contract/provider.ts';
import { allProviders, type CoreProvider, providerNames } from '../../agents/registry.ts';
import { HOME_KEY } from '../../kernel/config-folder.ts';
import { once } from '../../kernel/once.ts';
import { amount, modelName, oneOf, program, type SettingKind, text, wholeNumber } from './setting-kinds.ts';
import { inScope } from './setting-spec.ts';

const seconds = wholeNumber('seconds', 1, 86_400);

/** `<CLI>_PATH`, `<CLI>_MODEL`, `<CLI>_TIMEOUT`, and CLI-specific settings, by their keys. */
function rowsOf({ name, title, defaultCommand, settings }: Provider): Record<string, object> {
  if (settings === undefined) return {};
  const { model, own = {} } = settings;
  const key = name.toUpperCase();
  const otherwise = model === '' ? `; if unset, ${title}'s own default` : '';
  const path = {
    ...program,
    key: `${key}_PATH`,
    default: defaultCommand,
    doc: `The program of ${title}.`,
  };
  return {
    // ACP_COMMAND already names the program of its agent.
    ...(defaultCommand !== '' && { [`${name}Path`]: path }),
    [`${name}Model`]: {
      ...modelName,
      key: `${key}_MODEL`,
      default: model,
      doc: `The model for ${title}${otherwise}.`,
    },
    [`${name}TimeoutSeconds`]: {
      ...seconds,
      key: `${key}_TIMEOUT`,
      default: '1800',
      doc: `How long ${title} may run for one iteration.`,
    },
    ...Object.fromEntries(
      Object.entries(own).map(([ownKey, { unit, min, max, ...row }]) => [
        ownKey,
        { ...wholeNumber(unit, min, max), key: ownKey, ...row },
      ]),
    ),
  };
}

type CliRow<Value> = SettingKind<Value> & { key: string; default: string; doc: string };
type ProviderRows = {
  [Name in CoreProvider as `${Name}Path` | `${Name}Model`]: CliRow<string>;
} & {
  [Name in CoreProvider as `${Name}TimeoutSeconds`]: CliRow<number>;
};

/** The rows of every provider; the type names those that each build has. */
function providerRows(): ProviderRows {
  return Object.assign({}, ...allProviders().map(rowsOf));
}

export const machineRows = once(() =>
  inScope('machine', {
    machineProvider: {
      ...oneOf(providerNames()),
      key: 'SAMOCODE_PROVIDER',
      default: 'claude',
      doc: 'The agent CLI of projects that do not set PROVIDER; in the environment it overrides PROVIDER.',
    },
    ...providerRows(),
    maxRetries: {
      ...wholeNumber('retries', 0, 100),
      key: 'SAMOCODE_MAX_RETRIES',
      default: '3',
      doc: 'How often another agent starts after one that crashed or ran out of time, before the session asks you.',
    },
    retryDelaySeconds: {
      ...wholeNumber('seconds', 0, 3600),
      key: 'SAMOCODE_RETRY_DELAY',
      default: '5',
      doc: 'The first pause after a crash, and before a retry of a busy service; later pauses are longer.',
    },
    maxCostUsdPerDay: {
      ...amount('US dollars', 0, 1_000_000),
      key: 'MAX_COST_USD_PER_DAY',
      example: 'MAX_COST_USD_PER_DAY=50',
      doc: 'Once the agents of all sessions have cost this much since midnight, no agent starts until the next day.',
    },
    maxParallelOnMachine: {
      ...wholeNumber('sessions', 1, 256),
      key: 'MAX_PARALLEL_ON_MACHINE',
      example: 'MAX_PARALLEL_ON_MACHINE=6',
      doc: 'How many sessions of all projects may run at the same time; others queue.',
    },
    samocodeHome: {
      ...text('the absolute path of an existing folder (~ is the home folder)', /^~?\/./),
      kind: 'folder',
      key: HOME_KEY,
      example: `${HOME_KEY}=/workspaces/samocode`,
      doc: 'Holds sessions, worktrees and logs in place of ~/samocode and ~/.local/state/samocode.',
    },
    supervisorMinutes: {
      ...amount('minutes', 0.01, 10_080),
      key: 'SAMOCODE_SUPERVISOR_MINUTES',
      default: '10',
      doc: 'How long the supervisor keeps running once no session works or waits.',
    },
  }),
);
