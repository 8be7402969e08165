import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripComments } from 'jsonc-parser';
import { GEMINI_ACCOUNTS } from '../../../core/agents/gemini/gemini-accounts.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import type { PackageSource } from '../../../core/faces/package/package-source.ts';
import { configFolder } from '../../../core/kernel/config-folder.ts';
import { ifExists } from '../../../core/kernel/errors.ts';
import { type Client, type ClientWork, programOf } from './client.ts';
import type { ClientName } from './client-names.ts';
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
import { INSTALL_ERRORS } from './install-errors.ts';
import { folderPart, type InstalledPart, memberPart, removalSteps } from './installed-part.ts';
import { jsonValue, valueAt } from './json-member.ts';
import { SERVER_CLIENTS } from './server-clients.ts';
import { COMMON_FORMAT, serverPart, serverStart, startsOurServer } from './server-entry.ts';
import { parseSettingsFile } from './settings-file.ts';
import { commandStep, holdsPackage, packageStep, type Step } from './step.ts';

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
    add: async (work) =>
      await pluginSteps(work, {
        folder: packageFolder(work.context, 'codex'),
        files: (source) => ({ ...codexMarketplace('plugin'), ...inPluginFolder(codexPackage(source)) }),
        install: ['plugin', 'add', PLUGIN],
        isThere: codexPlugin(work.context).isThere,
      }),
    rules: async (context, { isNew }) => await codexRuleSteps(codexConfig(context), CODEX_TABLE, { isNew }),
    async notes(context) {
      const isThere = await codexPlugin(context).isThere();
      return isThere ? await codexRuleNotes(codexConfig(context), CODEX_TABLE) : [];
    },
    remove: codexParts,
  },
  {
    // Installed as a folder: the client's own command would also trust and remember the working directory.
    name: 'gemini',
    title: 'Gemini CLI',
    restart: 'Restart Gemini CLI',
    shows: `${SHOWN} in every folder that you trust there. Gemini CLI takes ${GEMINI_ACCOUNTS}`,
    detect: (context) => programOf('gemini', context),
    add: addToGemini,
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
  /** The arguments of the client's command that adds the plugin once its marketplace is known, or updates it. */
  install: readonly string[];
  /** Whether the client has the plugin. */
  isThere(): Promise<boolean>;
}

async function pluginSteps(
  { context, program, allSkills }: ClientWork,
  { folder, files: filesOf, install, isThere }: Plugin,
): Promise<Step[]> {
  const { compiledSource } = await import('../../../core/faces/package/compiled-source.ts');
  const files = filesOf(compiledSource(await serverStart(context), { allSkills }));
  if ((await isThere()) && (await holdsPackage(folder, files))) return [];
  return [
    packageStep(folder, files),
    ownCommand(program, ['plugin', 'marketplace', 'add', folder], context),
    { ...ownCommand(program, install, context), did: 'plugin installed' },
  ];
}

/** A command of the client, run in our own folder, since clients remember the working directory. */
function ownCommand(program: string, args: readonly string[], context: ActionContext): Step {
  return commandStep(program, args, { ...context, cwd: clientsFolder(context) });
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

/** Adds the plugin. Claude Code cannot write settings that have comments, so a person adds the server alone to those. */
async function addToClaude(work: ClientWork): Promise<Step[]> {
  const { context } = work;
  const path = claudeSettings(context);
  const text = (await ifExists(readFile(path, 'utf8'))) ?? '{}';
  if (parseSettingsFile(path, text) === undefined) throw INSTALL_ERRORS.settings_file_unreadable({ path });
  const plugin = await pluginSteps(work, {
    folder: packageFolder(context, 'claude'),
    files: (source) => ({ ...claudeMarketplace(source, 'plugin'), ...inPluginFolder(claudePackage(source)) }),
    install: ['plugin', 'install', PLUGIN, '--scope', 'user'],
    isThere: claudePlugin(context).isThere,
  });
  if (plugin.length === 0) return [];
  if (stripComments(text) !== text) {
    if (await serverPart(ownClaudeFile(context), COMMON_FORMAT).isThere()) return [];
    throw INSTALL_ERRORS.settings_have_comments({ path, start: await serverStart(context) });
  }
  // Claude Code keeps the files of a plugin that is already registered.
  return [...(await removalSteps(await pluginPartsOfClaude(context))), ...plugin];
}

/** No rules without the plugin: the tools of a server that was added alone have other names. */
async function rulesInClaude(context: ActionContext, { isNew }: { isNew: boolean }): Promise<Step[]> {
  return isNew || (await claudePlugin(context).isThere()) ? await claudeRuleSteps(ruleFiles(context)) : [];
}

async function notesOnClaude(context: ActionContext): Promise<ClientNote[]> {
  return (await claudePlugin(context).isThere()) ? await claudeRuleNotes(ruleFiles(context)) : [];
}

function ruleFiles(context: ActionContext) {
  return { settings: claudeSettings(context), cwd: context.cwd, prefix: TOOL_PREFIX };
}

async function claudeParts(context: ActionContext): Promise<InstalledPart[]> {
  const isOurs = (item: unknown) => typeof item === 'string' && item.startsWith(TOOL_PREFIX);
  return [
    ...Object.values(CLAUDE_LISTS).map((at) => memberPart(claudeSettings(context), at, { isOurs })),
    ...(await pluginPartsOfClaude(context)),
    folderPart(packageFolder(context, 'claude')),
  ];
}

async function pluginPartsOfClaude(context: ActionContext): Promise<InstalledPart[]> {
  const noted = valueAt(
    jsonValue(await readFile(installedPlugins(context), 'utf8').catch(() => '')),
    NOTED_AT,
  );
  const isOfProject = Array.isArray(noted) && !noted.every(isOfPerson);
  const plugins = join(claudeFolder(context), 'plugins');
  return [
    claudePlugin(context),
    memberPart(join(plugins, 'known_marketplaces.json'), ['samocode']),
    ...CLAUDE_MEMBERS.map((member) => memberPart(claudeSettings(context), member)),
    serverPart(ownClaudeFile(context), COMMON_FORMAT),
    ...(isOfProject ? [] : [folderPart(join(plugins, 'cache/samocode'))]),
  ];
}

const NOTED_AT = ['plugins', PLUGIN];
/** A plugin added to a project belongs to that project and still needs the client's cache. */
const isOfPerson = (install: unknown) => (Object(install).scope ?? 'user') === 'user';

/** The plugin as Claude Code has noted it. */
function claudePlugin(context: ActionContext): InstalledPart {
  return memberPart(installedPlugins(context), NOTED_AT, { isOurs: isOfPerson, keepParents: true });
}

function installedPlugins(context: ActionContext): string {
  return join(claudeFolder(context), 'plugins/installed_plugins.json');
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

function codexPlugin(context: ActionContext): InstalledPart {
  return memberPart(codexConfig(context), CODEX_TABLE);
}

async function codexParts(context: ActionContext): Promise<InstalledPart[]> {
  return [
    codexPlugin(context),
    memberPart(codexConfig(context), ['marketplaces', 'samocode']),
    folderPart(join(codexHome(context), 'plugins/cache/samocode')),
    folderPart(packageFolder(context, 'codex')),
  ];
}

// Gemini CLI

async function addToGemini(work: ClientWork): Promise<Step[]> {
  const { context } = work;
  const folder = extensionPath(context);
  const { compiledSource } = await import('../../../core/faces/package/compiled-source.ts');
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
