import type { Provider } from '../../agents/contract/provider.ts';
import { allProviders, type CoreProvider, providerNames } from '../../agents/registry.ts';
import { once } from '../../kernel/once.ts';
import { modelName } from './project-settings.ts';
import {
  absoluteFile,
  amount,
  command,
  oneOf,
  program,
  type SettingKind,
  text,
  wholeNumber,
} from './setting-kinds.ts';
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
type CliSettings = {
  [Name in CoreProvider as `${Name}Path` | `${Name}Model`]: CliRow<string>;
} & {
  [Name in CoreProvider as `${Name}TimeoutSeconds`]: CliRow<number>;
};

/** The rows of every provider; the type names those that each build has. */
function cliSettings(): CliSettings {
  return Object.assign({}, ...allProviders().map(rowsOf));
}

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: a table, which is made once the providers are known
const shown = () =>
  inScope('machine', {
    machineProvider: {
      ...oneOf(providerNames()),
      key: 'SAMOCODE_PROVIDER',
      default: 'claude',
      doc: 'The agent CLI of projects that do not set PROVIDER; in the environment it overrides PROVIDER.',
    },
    ...cliSettings(),
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
    supervisorMinutes: {
      ...amount('minutes', 0.01, 10_080),
      key: 'SAMOCODE_SUPERVISOR_MINUTES',
      default: '10',
      doc: 'How long the supervisor keeps running once no session works or waits.',
    },
    rehearsalScenario: {
      ...absoluteFile,
      key: 'REHEARSAL_SCENARIO',
      example: 'REHEARSAL_SCENARIO=/tmp/scenario.json',
      doc: 'The scenario that the rehearsal provider plays, for tests and experiments.',
    },
    notifyDesktop: {
      ...oneOf(['off', 'auto']),
      key: 'NOTIFY_DESKTOP',
      default: 'off',
      doc: 'auto: notifications are shown on the desktop, by notify-send, terminal-notifier or osascript, if one is on PATH.',
    },
    notifyWebhookFormat: {
      ...oneOf(['json', 'ntfy', 'slack', 'discord']),
      key: 'NOTIFY_WEBHOOK_FORMAT',
      default: 'json',
      doc: 'What NOTIFY_WEBHOOK_URL is sent: our JSON, or a message as ntfy, Slack or Discord expects it.',
    },
    notifyCommand: {
      ...command,
      key: 'NOTIFY_COMMAND',
      example: 'NOTIFY_COMMAND=~/bin/on-samocode-event',
      doc: 'A command that is run for each notification, with the same JSON on its standard input.',
    },
    notifyDetail: {
      ...oneOf(['titles', 'full']),
      key: 'NOTIFY_DETAIL',
      default: 'full',
      doc: 'titles: a notification names the session and what happened, without questions, plan, paths or any text of an agent.',
    },
    notifyQuiet: {
      ...text(
        'two local times, such as 22:00-07:00',
        /^(?:[01]\d|2[0-3]):[0-5]\d-(?:[01]\d|2[0-3]):[0-5]\d$/u,
      ),
      key: 'NOTIFY_QUIET',
      example: 'NOTIFY_QUIET=22:00-07:00',
      doc: 'Hours in which only what needs you is sent; the rest is sent afterwards.',
    },
  });

const SECRETS = inScope('secret', {
  notifyWebhookUrl: {
    ...text('an http or https address', /^https?:\/\/\S+$/u),
    key: 'NOTIFY_WEBHOOK_URL',
    doc: 'Where notifications are posted (docs/notifications.md).',
  },
  notifyWebhookSecret: {
    ...text('a text without spaces', /^\S+$/u),
    key: 'NOTIFY_WEBHOOK_SECRET',
    doc: 'The secret that signs each of those posts; if unset, they are not signed.',
  },
  telegramBotToken: {
    ...text("a Telegram bot's token", /^\S+$/u),
    key: 'TELEGRAM_BOT_TOKEN',
    doc: 'The bot that notifies you when a session needs you, and accepts your answers; "samocode notify telegram" sets it.',
  },
  telegramChatId: {
    ...text("a Telegram chat's number or @name", /^(?:-?\d+|@\w+)$/u),
    key: 'TELEGRAM_CHAT_ID',
    doc: 'The only chat that the bot writes to and accepts messages from.',
  },
  telegramUsers: {
    ...text('a comma-separated list of numbers or @names of Telegram users', /^@?\w+(?:\s*,\s*@?\w+)*$/u),
    key: 'TELEGRAM_USERS',
    doc: 'Who may act if that chat is a group; if unset, no member may.',
  },
  telegramApiRoot: {
    ...text('the address of a Bot API server', /^https?:\/\/\S+$/u),
    key: 'TELEGRAM_API_ROOT',
    doc: 'A Bot API server to use instead of https://api.telegram.org, such as your own.',
  },
});

export const machineSettings = once(() => ({ ...shown(), ...SECRETS }));
