import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../../../core/kernel/errors.ts';
import { valueAt } from './json-member.ts';
import { changeText, parseSettingsFile } from './settings-file.ts';
import { addStep, type Step } from './step.ts';

/**
 * Our tools that a client may run without asking. start_session is listed because clients cannot allow it for
 * some arguments only: its auto_approve and accept_suggestions are recorded as acts of the model, and refused
 * where GATE_CHANNELS does not include `tool`.
 */
export const ALLOWED_TOOLS: readonly string[] = [
  'start_session',
  'list_sessions',
  'get_status',
  'wait',
  'read_qa',
  'read_plan',
  'request_changes',
  'send_message',
  'stop_session',
  'resume_session',
  'read_session',
];
/** These ask the user in a form of their own; with the client's prompt, the user would be asked twice. */
const FORM_TOOLS = ['answer_qa', 'approve_plan'];
/** Human acts without a form: the client's prompt is the confirmation. */
const ASKED_TOOLS = ['setup_project', 'finish_session', 'rewind_session'];

const allowedWords = (tools: readonly string[]) => `runs without asking: ${tools.join(', ')}`;
const askedWords = (tools: readonly string[]) => `always asks before: ${tools.join(', ')}`;

/** A finding of the doctor about a client; without `fix` if the finding might be intended. */
export interface ClientNote {
  found: string;
  fix?: string;
}

// Claude Code: lists of tool names. It asks before tools in `ask` even in auto mode, and even if they are allowed elsewhere.

export const CLAUDE_LISTS = {
  allow: ['permissions', 'allow'],
  ask: ['permissions', 'ask'],
} as const;

interface ClaudeFiles {
  /** The person's settings file. */
  settings: string;
  /** The folder whose project settings also apply. */
  cwd: string;
  /** Claude Code's prefix for our tools. */
  prefix: string;
}

export async function claudeRuleSteps(files: ClaudeFiles): Promise<Step[]> {
  const { settings, prefix } = files;
  const asked = askedInClaude(await filesWithHook(files));
  const wanted = {
    allow: { tools: ALLOWED_TOOLS, did: allowedWords(ALLOWED_TOOLS) },
    ask: { tools: asked, did: askedWords(asked) },
  };
  const steps = Object.entries(CLAUDE_LISTS).map(async ([name, at]) => {
    const { tools, did } = wanted[name as keyof typeof wanted];
    const items = tools.map((tool) => prefix + tool);
    const there = await listIn(settings, at);
    return items.every((item) => there.includes(item)) ? [] : [{ ...addStep(settings, at, items), did }];
  });
  return (await Promise.all(steps)).flat();
}

/** Where a hook answers forms, only the client's prompt reaches a person. */
function askedInClaude(hooks: readonly string[]): readonly string[] {
  return hooks.length > 0 ? [...FORM_TOOLS, ...ASKED_TOOLS] : ASKED_TOOLS;
}

export async function claudeRuleNotes(files: ClaudeFiles): Promise<ClientNote[]> {
  const { settings, prefix } = files;
  const there = await listIn(settings, CLAUDE_LISTS.ask);
  const hooks = await filesWithHook(files);
  const missing = askedInClaude(hooks).filter((tool) => !there.includes(prefix + tool));
  const notes: ClientNote[] = hooks.map((path) => ({
    found: `An Elicitation hook in ${path} answers forms without you: what it accepts is recorded as given in a form.`,
    fix: 'Remove the hook, or set GATE_CHANNELS=cli,phone in .samocode.',
  }));
  if (missing.length > 0)
    notes.push({
      found: `Claude Code may run ${missing.join(', ')} without asking you.`,
      fix: `Run: samocode install. Or add to permissions.ask in ${settings}: ${JSON.stringify(missing.map((tool) => prefix + tool)).slice(1, -1)}`,
    });
  for (const path of settingsFiles(files)) {
    const allowed = await listIn(path, CLAUDE_LISTS.allow);
    const open = FORM_TOOLS.filter((tool) => allowed.includes(prefix + tool));
    if (open.length > 0)
      notes.push({
        found: `${path} always allows ${open.join(', ')}: a chat still asks you in a form, but claude -p shows no prompt (GATE_CHANNELS=person in .samocode refuses that).`,
      });
  }
  return notes;
}

/** The settings files with an Elicitation hook. */
async function filesWithHook(files: ClaudeFiles): Promise<string[]> {
  const found = await Promise.all(
    settingsFiles(files).map(async (path) => {
      const hooks = valueAt(await readSettings(path), ['hooks', 'Elicitation']);
      return Array.isArray(hooks) && hooks.length > 0 ? [path] : [];
    }),
  );
  return found.flat();
}

function settingsFiles({ settings, cwd }: ClaudeFiles): string[] {
  return [settings, join(cwd, '.claude/settings.json'), join(cwd, '.claude/settings.local.json')];
}

async function listIn(path: string, at: readonly string[]): Promise<unknown[]> {
  const list = valueAt(await readSettings(path), at);
  return Array.isArray(list) ? list : [];
}

async function readSettings(path: string): Promise<unknown> {
  // Another check reports unreadable files.
  return parseSettingsFile(path, await readFile(path, 'utf8').catch(() => ''));
}

// Codex: a table per tool. It asks before every writing tool whose table does not say `approve`.

const codexMode = (tool: string) => (ASKED_TOOLS.includes(tool) ? 'prompt' : 'approve');
/** The gates first: in `codex exec` the model alone opens them. */
const CODEX_ALLOWED = [...FORM_TOOLS, ...ALLOWED_TOOLS];
const CODEX_RULED = [...CODEX_ALLOWED, ...ASKED_TOOLS];

/**
 * Adds the missing rules. Keeps the person's own rules, which `codexRuleNotes` reports.
 * @param table the keys of the plugin's table in `path`
 * @param isNew whether other steps write that table first
 */
export async function codexRuleSteps(
  path: string,
  table: readonly string[],
  { isNew }: { isNew: boolean },
): Promise<Step[]> {
  const missing = await withoutRule(path, table);
  if (missing.length === 0 && !isNew) return [];
  const words = `add rules to ${path}: ask before ${ASKED_TOOLS.join(', ')}, but not before ${CODEX_ALLOWED.join(', ')}`;
  const rule = (tool: string) => `\n[${headerOf(table, tool)}]\napproval_mode = "${codexMode(tool)}"\n`;
  return [
    {
      words,
      did: `${allowedWords(CODEX_ALLOWED)}; ${askedWords(ASKED_TOOLS)}`,
      async run() {
        const rules = (await withoutRule(path, table)).map(rule).join('');
        // Appended, so that the person's comments stay.
        await changeText(path, (text) => (parseSettingsFile(path, text + rules) ? text + rules : undefined));
      },
    },
  ];
}

async function withoutRule(path: string, table: readonly string[]): Promise<string[]> {
  const modes = await codexModes(path, table);
  return modes === undefined ? [] : CODEX_RULED.filter((tool) => modes(tool) === undefined);
}

export async function codexRuleNotes(path: string, table: readonly string[]): Promise<ClientNote[]> {
  const modes = await codexModes(path, table);
  if (modes === undefined) return [];
  return ASKED_TOOLS.filter((tool) => modes(tool) !== 'prompt').map((tool) => ({
    found: `Codex may run ${tool} without asking you: its approval_mode is ${modes(tool) ?? 'not set'}.`,
    fix: `In ${path}, below [${headerOf(table, tool)}]: approval_mode = "prompt"`,
  }));
}

/** The name of a tool's table as written in its TOML header. */
function headerOf(table: readonly string[], tool: string): string {
  const keys = [...table, 'mcp_servers', 'samocode', 'tools', tool];
  return keys.map((key) => (/^[\w-]+$/.test(key) ? key : JSON.stringify(key))).join('.');
}

async function codexModes(path: string, table: readonly string[]) {
  const settings = parseSettingsFile(path, (await ifExists(readFile(path, 'utf8'))) ?? '');
  if (settings === undefined) return undefined;
  const tools = Object(valueAt(settings, [...table, 'mcp_servers', 'samocode', 'tools']));
  return (tool: string): unknown => Object(tools[tool]).approval_mode;
}
