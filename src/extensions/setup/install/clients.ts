import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { configFolder } from '../../../core/kernel/config-folder.ts';
import { ifExists } from '../../../core/kernel/errors.ts';
import { parseJson } from '../../../core/kernel/parse-json.ts';
import type { PackageSource } from '../../../core/kit/package/package-source.ts';
import { type Client, type ClientName, type ClientWork, programOf } from './client.ts';
import {
  claudeMarketplace,
  claudePackage,
  codexMarketplace,
  codexPackage,
  type Files,
  geminiPackage,
} from './client-packages.ts';
import {
  CLAUDE_LISTS,
  type ClientNote,
  claudeRuleNotes,
  claudeRuleSteps,
  codexRuleNotes,
  codexRuleSteps,
} from './gate-rules.ts';
import { isTrustedByGemini } from './gemini-trust.ts';
import { INSTALL_ERRORS } from './install-errors.ts';
import {
  changeSettings,
  folderPart,
  type InstalledPart,
  itemsPart,
  memberPart,
  tablePart,
} from './installed-part.ts';
import { jsonValue, valueAt, withMember } from './json-member.ts';
import { SERVER_CLIENTS } from './server-clients.ts';
import { COMMON_FORMAT, serverPart, serverStart, serverSteps, startsOurServer } from './server-entry.ts';
import { commandStep, holdsPackage, packageStep, removalSteps, type Step } from './step.ts';

const SHOWN = '; /mcp then shows samocode';

export const CLIENTS: readonly Client[] = [
  {
    name: 'claude',
    title: 'Claude Code',
    restart: 'Restart Claude Code, or type /reload-plugins in it',
    shows: SHOWN,
    detect: (context) => programOf('claude', context),
    add: addToClaude,
    rules: rulesInClaude,
    notes: notesOnClaude,
    remove: claudeParts,
    project: { file: '.mcp.json', format: COMMON_FORMAT },
  },
  {
    name: 'codex',
    title: 'Codex',
    restart: 'Restart Codex',
    shows: SHOWN,
    detect: (context) => programOf('codex', context),
    add: (work) =>
      pluginSteps(work, {
        folder: packageFolder(work.context, 'codex'),
        files: (source) => ({ ...codexMarketplace('plugin'), ...inPluginFolder(codexPackage(source)) }),
        install: ['plugin', 'add', PLUGIN],
        parts: codexParts(work.context),
      }),
    rules: async (context, { isNew }) => await codexRuleSteps(codexConfig(context), CODEX_TABLE, { isNew }),
    async notes(context) {
      const [plugin] = codexParts(context);
      return (await plugin.isThere()) ? await codexRuleNotes(codexConfig(context), CODEX_TABLE) : [];
    },
    remove: async (context) => [...codexParts(context), folderPart(packageFolder(context, 'codex'))],
  },
  {
    // Installed as a folder: the client's own command would also trust and remember the working directory.
    name: 'gemini',
    title: 'Gemini CLI',
    restart: 'Restart Gemini CLI',
    shows: SHOWN,
    detect: (context) => programOf('gemini', context),
    add: addToGemini,
    notes: notesOnGemini,
    remove: async (context) => ((await hasOurExtension(context)) ? [folderPart(extensionPath(context))] : []),
    project: {
      file: '.gemini/settings.json',
      // Longer than any of our calls takes.
      format: { ...COMMON_FORMAT, entry: (start) => ({ ...start, timeout: 600_000 }) },
    },
  },
  ...SERVER_CLIENTS,
];

/** The folder with the clients' packages, from which the clients read them. */
export function clientsFolder({ home }: ActionContext): string {
  return join(configFolder(home), 'clients');
}

function packageFolder(context: ActionContext, client: ClientName): string {
  return join(clientsFolder(context), client);
}

// Plugins: Claude Code and Codex install a marketplace from a folder, and the plugin from that marketplace.

const PLUGIN = 'samocode@samocode';

interface Plugin {
  folder: string;
  /** The complete content of `folder`. */
  files(source: PackageSource): Files;
  /** The arguments of the client's command that adds the plugin once its marketplace is known. */
  install: readonly string[];
  /** What the client stores about the plugin, with the plugin's own entry first. */
  parts: readonly [InstalledPart, ...InstalledPart[]];
  /** A settings file that the commands rewrite. */
  rewritten?: string;
}

async function pluginSteps(work: ClientWork, { folder, parts, ...plugin }: Plugin): Promise<Step[]> {
  const { context, program } = work;
  const { compiledSource } = await import('../../../core/kit/package/compiled-source.ts');
  const files = plugin.files(compiledSource(await serverStart(context), work));
  if ((await parts[0].isThere()) && (await holdsPackage(folder, files))) return [];
  const command = (args: readonly string[]): Step => {
    // Run in our own folder, since clients remember the working directory.
    const step = commandStep(program, args, { ...context, cwd: clientsFolder(context) });
    const { rewritten } = plugin;
    return rewritten === undefined ? step : { ...step, run: () => keepingBytes(rewritten, step.run) };
  };
  return [
    // Clients reject a plugin that is already registered, or keep its old files.
    ...(await removalSteps(parts)),
    packageStep(folder, files),
    command(['plugin', 'marketplace', 'add', folder]),
    { ...command(plugin.install), did: 'plugin installed' },
  ];
}

/** Moves a plugin's files into the folder that its marketplace file names. */
function inPluginFolder(files: Files): Files {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [`plugin/${path}`, text]));
}

// Claude Code

/** Claude Code's prefix for the tools of our plugin's server. */
const TOOL_PREFIX = 'mcp__plugin_samocode_samocode__';
/** What a plugin adds to the person's settings. */
const CLAUDE_MEMBERS = [
  ['enabledPlugins', PLUGIN],
  ['extraKnownMarketplaces', 'samocode'],
];

/** Adds the plugin or, if the settings have comments, only the server, which goes into another file. */
async function addToClaude(work: ClientWork): Promise<Step[]> {
  const { context } = work;
  const path = claudeSettings(context);
  const text = (await ifExists(readFile(path, 'utf8'))) ?? '{}';
  if (jsonValue(text) === undefined) throw INSTALL_ERRORS.settings_file_unreadable({ path });
  const parts = await pluginPartsOfClaude(context);
  const plugin = await pluginSteps(work, {
    folder: packageFolder(context, 'claude'),
    files: (source) => ({ ...claudeMarketplace(source, 'plugin'), ...inPluginFolder(claudePackage(source)) }),
    install: ['plugin', 'install', PLUGIN, '--scope', 'user'],
    parts,
    rewritten: path,
  });
  if (plugin.length === 0 || parseJson(text) !== undefined) return plugin;
  const server = await serverSteps(ownClaudeFile(context), await serverStart(context), {
    ...work,
    title: 'Claude Code',
    format: COMMON_FORMAT,
  });
  if (server.length === 0) return [];
  const because = `(only the server, without skills and commands: Claude Code cannot add a plugin while ${path} has comments or trailing commas)`;
  return [
    ...(await removalSteps(parts)),
    ...server.map((step) => ({ ...step, words: `${step.words} ${because}` })),
  ];
}

/** No rules for settings with comments: only the server was added, and its tools have other names there. */
async function rulesInClaude(context: ActionContext): Promise<Step[]> {
  const settings = claudeSettings(context);
  if (parseJson((await ifExists(readFile(settings, 'utf8'))) ?? '{}') === undefined) return [];
  return await claudeRuleSteps({ settings, cwd: context.cwd, prefix: TOOL_PREFIX });
}

async function notesOnClaude(context: ActionContext): Promise<ClientNote[]> {
  const [plugin] = await pluginPartsOfClaude(context);
  if (!(await plugin.isThere())) return [];
  const settings = claudeSettings(context);
  return await claudeRuleNotes({ settings, cwd: context.cwd, prefix: TOOL_PREFIX });
}

/** Runs a command that rewrites a settings file, then restores every byte except our members. */
async function keepingBytes(path: string, run: () => Promise<void>): Promise<void> {
  const before = await ifExists(readFile(path, 'utf8'));
  await run();
  const after = await ifExists(readFile(path, 'utf8'));
  if (before === undefined || after === undefined || after === before) return;
  const wanted = jsonValue(after);
  const kept = CLAUDE_MEMBERS.reduce((text, at) => {
    const value = valueAt(wanted, at);
    return value === undefined ? text : (withMember(text, at, value) ?? text);
  }, before);
  // Keep what another program might have written in the meantime.
  if (isDeepStrictEqual(jsonValue(kept), wanted))
    await changeSettings(path, (now) => (now === after ? kept : now));
}

async function claudeParts(context: ActionContext): Promise<InstalledPart[]> {
  const isOurs = (item: unknown) => typeof item === 'string' && item.startsWith(TOOL_PREFIX);
  return [
    ...Object.values(CLAUDE_LISTS).map((at) => itemsPart(claudeSettings(context), at, { isOurs })),
    ...(await pluginPartsOfClaude(context)),
    folderPart(packageFolder(context, 'claude')),
  ];
}

async function pluginPartsOfClaude(context: ActionContext): Promise<[InstalledPart, ...InstalledPart[]]> {
  const plugins = join(claudeFolder(context), 'plugins');
  const installed = join(plugins, 'installed_plugins.json');
  const at = ['plugins', PLUGIN];
  // A plugin added to a project belongs to that project and still needs the client's cache.
  const isOurs = (install: unknown) => (Object(install).scope ?? 'user') === 'user';
  const noted = valueAt(jsonValue(await readFile(installed, 'utf8').catch(() => '')), at);
  const isOfProject = Array.isArray(noted) && !noted.every(isOurs);
  return [
    itemsPart(installed, at, { isOurs, keepParents: true }),
    memberPart(join(plugins, 'known_marketplaces.json'), ['samocode']),
    ...CLAUDE_MEMBERS.map((member) => memberPart(claudeSettings(context), member)),
    serverPart(ownClaudeFile(context), COMMON_FORMAT),
    ...(isOfProject ? [] : [folderPart(join(plugins, 'cache/samocode'))]),
  ];
}

function claudeFolder({ env, home }: ActionContext): string {
  return env.CLAUDE_CONFIG_DIR || join(home, '.claude');
}

function claudeSettings(context: ActionContext): string {
  return join(claudeFolder(context), 'settings.json');
}

/** Where Claude Code keeps servers that are added without a plugin. */
function ownClaudeFile({ env, home }: ActionContext): string {
  return join(env.CLAUDE_CONFIG_DIR || home, '.claude.json');
}

// Codex

const CODEX_TABLE = ['plugins', PLUGIN] as const;

function codexHome({ env, home }: ActionContext): string {
  return env.CODEX_HOME || join(home, '.codex');
}

function codexConfig(context: ActionContext): string {
  return join(codexHome(context), 'config.toml');
}

function codexParts(context: ActionContext): [InstalledPart, ...InstalledPart[]] {
  const path = codexConfig(context);
  return [
    tablePart(path, CODEX_TABLE),
    tablePart(path, ['marketplaces', 'samocode']),
    folderPart(join(codexHome(context), 'plugins/cache/samocode')),
  ];
}

// Gemini CLI

async function addToGemini(work: ClientWork): Promise<Step[]> {
  const { context } = work;
  const folder = extensionPath(context);
  const { compiledSource } = await import('../../../core/kit/package/compiled-source.ts');
  const files = geminiPackage(compiledSource(await serverStart(context), work));
  if (await holdsPackage(folder, files)) return [];
  const isFree = (await ifExists(lstat(folder))) === undefined || (await hasOurExtension(context));
  if (!isFree) throw INSTALL_ERRORS.own_extension({ title: 'Gemini CLI', path: folder });
  return [{ ...packageStep(folder, files), did: 'extension installed' }];
}

/** Whether the extension with our name starts our server. If unreadable, it might be the person's own. */
async function hasOurExtension(context: ActionContext): Promise<boolean> {
  const path = join(extensionPath(context), 'gemini-extension.json');
  return startsOurServer(await readFile(path, 'utf8').catch(() => ''));
}

function extensionPath(context: ActionContext): string {
  return join(geminiFolder(context), 'extensions/samocode');
}

function geminiFolder({ env, home }: ActionContext): string {
  return join(env.GEMINI_CLI_HOME || home, '.gemini');
}

/** In an untrusted folder, Gemini CLI disables every server, including the user's own. */
async function notesOnGemini(context: ActionContext, project?: string): Promise<ClientNote[]> {
  if (
    project === undefined ||
    !(await hasOurExtension(context)) ||
    (await isTrustedByGemini(project, { env: context.env, folder: geminiFolder(context) }))
  )
    return [];
  return [
    {
      found: 'Gemini CLI disables samocode here, as in every untrusted folder.',
      fix: `Trust the folder in Gemini first: start gemini in ${project} and choose to trust it.`,
    },
  ];
}
