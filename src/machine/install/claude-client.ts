import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { ifExists } from '../../base/errors.ts';
import { parseJson } from '../../base/parse-json.ts';
import type { Client, ClientPlace, ClientWork } from './client.ts';
import { findProgram } from './find-program.ts';
import { INSTALL_ERRORS } from './install-errors.ts';
import { jsonValue, valueAt, withMember, withoutMember } from './json-member.ts';
import { claudeMarketplace, claudePackage } from './package/claude-package.ts';
import { commandOnPath } from './package/package-source.ts';
import { serverStart } from './package-copy.ts';
import {
  addPlugin,
  clientCommand,
  inPluginFolder,
  type PluginWay,
  packageFolder,
  removals,
} from './plugin.ts';
import { addServer, serverTrace } from './server-entry.ts';
import type { Step } from './step.ts';
import { changeSettings, isThere, type Trace } from './trace.ts';

const title = 'Claude Code';
const PLUGIN = 'samocode@samocode';
/** As Claude Code names the tools of our plugin's server. */
const TOOL_PREFIX = 'mcp__plugin_samocode_samocode__';

/** Claude Code: a plugin for the person, or the server alone in a project's `.mcp.json`. */
export const claudeClient: Client = {
  name: 'claude',
  title,
  restart: 'Restart Claude Code, or type /reload-plugins in it',
  shownBy: '/mcp',
  find: (context) => findProgram(context, 'claude'),
  async installSteps(work) {
    if (work.scope === 'project')
      return await addServer({ path: projectPath(work), start: commandOnPath() }, { ...work, title });
    const plugin = await addPlugin(work, await way(work));
    const text = (await ifExists(readFile(settingsPath(work), 'utf8'))) ?? '{}';
    if (jsonValue(text) === undefined)
      throw INSTALL_ERRORS.settings_file_unreadable({ path: settingsPath(work) });
    if (plugin.length === 0 || parseJson(text) !== undefined)
      return [...plugin, ...(work.allow ? allowSteps(work, jsonValue(text)) : [])];
    return await serverAlone(work);
  },
  async traces(place) {
    if (place.scope === 'project') return [serverTrace(projectPath(place), { isShared: true })];
    return [
      { kind: 'items', path: settingsPath(place), at: ['permissions', 'allow'], isOurs: isOurTool },
      ...(await way(place)).traces,
      { kind: 'folder', path: packageFolder(place, 'claude') },
    ];
  },
};

async function way(place: ClientPlace): Promise<PluginWay> {
  const plugins = join(settingsDir(place), 'plugins');
  const installed = join(plugins, 'installed_plugins.json');
  const isRegister = true;
  const entry: Trace = {
    kind: 'items',
    path: installed,
    at: ['plugins', PLUGIN],
    isOurs: isOfPerson,
    isRegister,
  };
  const members = [
    ['enabledPlugins', PLUGIN],
    ['extraKnownMarketplaces', 'samocode'],
  ];
  return {
    client: 'claude',
    files: (source) => ({ ...claudeMarketplace(source, 'plugin'), ...inPluginFolder(claudePackage(source)) }),
    add: (folder) => [
      ['plugin', 'marketplace', 'add', folder],
      ['plugin', 'install', PLUGIN, '--scope', 'user'],
    ],
    around: (run) => keepingBytes(settingsPath(place), members, run),
    traces: [
      entry,
      { kind: 'member', path: join(plugins, 'known_marketplaces.json'), at: ['samocode'], isRegister },
      ...members.map((at): Trace => ({ kind: 'member', path: settingsPath(place), at })),
      serverTrace(ownPath(place)),
      ...((await isOfProject(installed))
        ? []
        : [{ kind: 'folder' as const, path: join(plugins, 'cache/samocode') }]),
    ],
  };
}

/** Claude Code adds no plugin to settings with comments, but a server, which has a file of its own. */
async function serverAlone(work: ClientWork): Promise<Step[]> {
  const start = await serverStart(work.context);
  const path = ownPath(work);
  const [needed] = await addServer({ path, start }, { ...work, title });
  if (needed === undefined) return [];
  const because = `the server alone, without skills and commands: Claude Code adds no plugin while ${settingsPath(work)} has comments or trailing commas`;
  const left = await removals((await way(work)).traces);
  // In one change: a command of the client's that fails would leave the person without either.
  if (needed.insteadOf !== undefined) return [...left, { ...needed, because }];
  const args = ['mcp', 'add', '-s', 'user', 'samocode', '--', start.command, ...start.args];
  return [...left, { ...clientCommand(work, args), because }];
}

function allowSteps(work: ClientWork, settings: unknown): Step[] {
  const at = ['permissions', 'allow'];
  const items = ALLOWED_TOOLS.map((tool) => TOOL_PREFIX + tool);
  const there = valueAt(settings, at);
  const isMissing = (item: string) => !(Array.isArray(there) && there.includes(item));
  return items.some(isMissing) ? [{ kind: 'add_items', path: settingsPath(work), at, items }] : [];
}

/** Runs a command that writes a settings file anew, and gives all but `members` their old bytes again. */
async function keepingBytes(
  path: string,
  members: readonly (readonly string[])[],
  run: () => Promise<void>,
): Promise<void> {
  const before = await ifExists(readFile(path, 'utf8'));
  try {
    await run();
  } finally {
    const after = await ifExists(readFile(path, 'utf8'));
    if (before !== undefined && after !== undefined && after !== before) {
      const wanted = jsonValue(after);
      const kept = members.reduce((text, at) => withSame(text, at, wanted), before);
      // Another program may have written in between: then that stays.
      if (isDeepStrictEqual(jsonValue(kept), wanted))
        await changeSettings(path, (now) => (now === after ? kept : now));
    }
  }
}

function withSame(text: string, at: readonly string[], wanted: unknown): string {
  const value = valueAt(wanted, [...at]);
  return value === undefined ? withoutMember(text, [...at]) : (withMember(text, at, value) ?? text);
}

/** A plugin that was added to a project is that project's. */
function isOfPerson(install: unknown): boolean {
  return (Object(install).scope ?? 'user') === 'user';
}

function isOurTool(item: unknown): boolean {
  return typeof item === 'string' && item.startsWith(TOOL_PREFIX);
}

/** Whether a project has our plugin too, and goes on needing what the client keeps of it. */
async function isOfProject(path: string): Promise<boolean> {
  const at = ['plugins', PLUGIN];
  const isOurs = (install: unknown) => !isOfPerson(install);
  return await isThere({ kind: 'items', path, at, isOurs }).catch(() => false);
}

function settingsDir({ context: { env, home } }: ClientPlace): string {
  return env.CLAUDE_CONFIG_DIR || join(home, '.claude');
}

function settingsPath(place: ClientPlace): string {
  return join(settingsDir(place), 'settings.json');
}

/** Where Claude Code keeps servers that are added without a plugin. */
function ownPath({ context: { env, home } }: ClientPlace): string {
  return join(env.CLAUDE_CONFIG_DIR || home, '.claude.json');
}

function projectPath({ projectDir }: ClientPlace): string {
  return join(projectDir, '.mcp.json');
}

/**
 * Our tools that a client may run without a question. The acts of the human are not among them (approve_plan, answer_qa,
 * finish_session, rewind_session, and setup_project for its trust), so that the client's own question to its user is the human act.
 * start_session is: clients cannot allow a tool without some of its arguments. Its approve, auto_approve and accept_suggestions are recorded
 * as the model's, and refused where GATE_CHANNELS leaves out `tool`.
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
