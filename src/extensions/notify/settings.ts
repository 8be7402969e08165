import { command, oneOf, text } from '../../core/project/settings/setting-kinds.ts';
import { inScope } from '../../core/project/settings/setting-spec.ts';
import type { FurtherSettings } from '../../core/project/settings/settings.ts';

const PROJECT_ROWS = inScope('project', {
  notify: {
    ...oneOf(['on', 'off']),
    key: 'NOTIFY',
    default: 'on',
    reach: {},
    doc: 'off: no notifications about sessions of this project. Takes effect at once.',
  },
});

const MACHINE_ROWS = inScope('machine', {
  notifyDesktop: {
    ...oneOf(['off', 'auto']),
    key: 'NOTIFY_DESKTOP',
    default: 'off',
    doc: 'auto: notifications are shown on the desktop, by notify-send, terminal-notifier or osascript, if one is on PATH.',
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
    ...text('two local times, such as 22:00-07:00', /^(?:[01]\d|2[0-3]):[0-5]\d-(?:[01]\d|2[0-3]):[0-5]\d$/u),
    key: 'NOTIFY_QUIET',
    example: 'NOTIFY_QUIET=22:00-07:00',
    doc: 'Hours in which only what needs you is sent; the rest is sent afterwards.',
  },
});

const SECRET_ROWS = inScope('secret', {
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

/** Those of the machine. */
export const NOTIFY_ROWS = { ...MACHINE_ROWS, ...SECRET_ROWS };

export const NOTIFY_SETTINGS: readonly FurtherSettings[] = [{ rows: { ...PROJECT_ROWS, ...NOTIFY_ROWS } }];
