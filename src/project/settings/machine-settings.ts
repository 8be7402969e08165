import { modelName, PROVIDER_NAMES } from './project-settings.ts';
import { absoluteFile, amount, oneOf, program, text, wholeNumber } from './setting-kinds.ts';
import type { SettingSpec } from './setting-spec.ts';

const seconds = wholeNumber('seconds', 1, 86_400);

/** What stands in the environment or in the `.env` of the config folder. */
export const MACHINE_SETTINGS = {
  machineProvider: {
    ...oneOf(PROVIDER_NAMES),
    key: 'SAMOCODE_PROVIDER',
    scope: 'machine',
    default: 'claude',
    doc: 'The agent CLI of projects that name none; in the environment it stands above PROVIDER.',
  },
  claudePath: {
    ...program,
    key: 'CLAUDE_PATH',
    scope: 'machine',
    default: 'claude',
    doc: 'Where Claude Code is.',
  },
  claudeModel: {
    ...modelName,
    key: 'CLAUDE_MODEL',
    scope: 'machine',
    default: 'opus',
    doc: 'The model for Claude Code.',
  },
  claudeTimeoutSeconds: {
    ...seconds,
    key: 'CLAUDE_TIMEOUT',
    scope: 'machine',
    default: '1800',
    doc: 'How long one Claude Code child may work.',
  },
  claudeMaxTurns: {
    ...wholeNumber('turns', 1, 100_000),
    key: 'CLAUDE_MAX_TURNS',
    scope: 'machine',
    default: '300',
    doc: 'After how many turns Claude Code ends a child.',
  },
  codexPath: {
    ...program,
    key: 'CODEX_PATH',
    scope: 'machine',
    default: 'codex',
    doc: 'Where Codex is.',
  },
  codexModel: {
    ...modelName,
    key: 'CODEX_MODEL',
    scope: 'machine',
    default: '',
    doc: "The model for Codex; unset, Codex's own default.",
  },
  codexTimeoutSeconds: {
    ...seconds,
    key: 'CODEX_TIMEOUT',
    scope: 'machine',
    default: '1800',
    doc: 'How long one Codex child may work.',
  },
  geminiPath: {
    ...program,
    key: 'GEMINI_PATH',
    scope: 'machine',
    default: 'gemini',
    doc: 'Where Gemini CLI is.',
  },
  geminiModel: {
    ...modelName,
    key: 'GEMINI_MODEL',
    scope: 'machine',
    default: '',
    doc: "The model for Gemini CLI; unset, Gemini CLI's own default.",
  },
  geminiTimeoutSeconds: {
    ...seconds,
    key: 'GEMINI_TIMEOUT',
    scope: 'machine',
    default: '1800',
    doc: 'How long one Gemini CLI child may work.',
  },
  maxRetries: {
    ...wholeNumber('retries', 0, 100),
    key: 'SAMOCODE_MAX_RETRIES',
    scope: 'machine',
    default: '3',
    doc: 'How often a child that crashed is started again before a person is asked.',
  },
  retryDelaySeconds: {
    ...wholeNumber('seconds', 0, 3600),
    key: 'SAMOCODE_RETRY_DELAY',
    scope: 'machine',
    default: '5',
    doc: 'The first pause before such a start, and before a quick try of a busy service; later ones grow.',
  },
  maxCostUsdPerDay: {
    ...amount('US dollars', 0, 1_000_000),
    key: 'MAX_COST_USD_PER_DAY',
    scope: 'machine',
    example: 'MAX_COST_USD_PER_DAY=50',
    doc: 'Once the agents of all sessions have cost this much since midnight, no further agent starts until the next day.',
  },
  maxParallelOnMachine: {
    ...wholeNumber('sessions', 1, 256),
    key: 'MAX_PARALLEL_ON_MACHINE',
    scope: 'machine',
    example: 'MAX_PARALLEL_ON_MACHINE=6',
    doc: 'How many sessions of all projects work at the same time; further ones queue.',
  },
  supervisorMinutes: {
    ...amount('minutes', 0.01, 10_080),
    key: 'SAMOCODE_SUPERVISOR_MINUTES',
    scope: 'machine',
    default: '10',
    doc: 'How long the supervisor stays once no session works or waits.',
  },
  rehearsalScenario: {
    ...absoluteFile,
    key: 'REHEARSAL_SCENARIO',
    scope: 'machine',
    example: 'REHEARSAL_SCENARIO=/tmp/scenario.json',
    doc: 'What the rehearsal provider plays, for tests and for trying things out.',
  },
  telegramBotToken: {
    ...text("a Telegram bot's token", /^\S+$/u),
    key: 'TELEGRAM_BOT_TOKEN',
    scope: 'secret',
    doc: 'Read, and not used yet: the bot that is to tell you when a session waits, and to take your answer.',
  },
  telegramChatId: {
    ...text("a Telegram chat's number or @name", /^(?:-?\d+|@\w+)$/u),
    key: 'TELEGRAM_CHAT_ID',
    scope: 'secret',
    doc: 'Read, and not used yet: the chat in which it is to do so.',
  },
} as const satisfies Record<string, SettingSpec>;
