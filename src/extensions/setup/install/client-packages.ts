import type {
  MarkdownSource,
  PackageSource,
  ServerStart,
} from '../../../core/faces/package/package-source.ts';

/** Files by their path in the package. */
export type Files = Record<string, string>;

export const DISPLAY_NAME = 'Samocode';

// The packages of all clients are published in one folder: no two have different files at the same path, which
// tests/scripts/packages.test.ts checks.

function skillFiles({ skills }: PackageSource, folder: string): Files {
  return Object.fromEntries(skills.map(({ name, text }) => [`${folder}/${name}/SKILL.md`, text]));
}

export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** How the package starts the server: without prompts, which the package's own commands replace. */
function serverOf({ start }: PackageSource): ServerStart {
  return { ...start, args: [...start.args, '--no-prompts'] };
}

/** What the manifests of Claude Code and Codex have in common. */
function pluginFacts({ version, description, author, keywords, links }: PackageSource) {
  return {
    name: 'samocode',
    version,
    description,
    author,
    license: 'MIT',
    keywords,
    ...(links && { homepage: links.homepage, repository: links.repository }),
  };
}

/**
 * The fixed hosts that our programs reach: by gh and git for issues and pull requests, and for notifications by Telegram.
 * The others are the user's choice: remotes, webhooks, and the services of the agents.
 */
const HOSTS = ['github.com', 'api.github.com', 'api.telegram.org'] as const;

export function claudePackage(source: PackageSource): Files {
  const { commands, links } = source;
  // Not in a .mcp.json beside this file, which Claude Code would read as a second server.
  const plugin = {
    ...pluginFacts(source),
    ...(links && {
      documentationUrl: links.documentation,
      supportUrl: links.support,
      privacyPolicyUrl: links.privacy,
    }),
    mcpServers: { samocode: serverOf(source) },
    network: { hosts: HOSTS },
  };
  return {
    '.claude-plugin/plugin.json': jsonText(plugin),
    ...Object.fromEntries(commands.map((command) => [`commands/${command.name}.md`, typedCommand(command)])),
    ...skillFiles(source, 'skills'),
  };
}

/** A command that only a person can run: its name takes no space in a model's context before that. */
function typedCommand({ meta, body }: MarkdownSource): string {
  const lines = [...meta].map(([key, value]) => `${key}: ${key === 'argument-hint' ? `"${value}"` : value}`);
  return `---\n${lines.join('\n')}\ndisable-model-invocation: true\n---\n${outsideOfServer(body)}`;
}

/** Replaces the list of sessions, which only the server's own prompts contain, with the tool that returns it. */
function outsideOfServer(body: string): string {
  return body.replace('$SESSIONS', 'What `list_sessions` with `all_projects` lists.');
}

/** The marketplace file for Claude Code. The plugin is a folder beside it, or a commit of a repository. */
export function claudeMarketplace(
  { description, version, author }: PackageSource,
  plugin: string | { url: string; ref: string; sha: string },
): Files {
  const from = typeof plugin === 'string' ? `./${plugin}` : { source: 'url', ...plugin };
  const marketplace = {
    name: 'samocode',
    description,
    owner: author,
    metadata: { version },
    plugins: [{ name: 'samocode', source: from, description }],
  };
  return { '.claude-plugin/marketplace.json': jsonText(marketplace) };
}

const CATEGORY = 'Developer Tools';

/**
 * The Codex plugin. Codex has no commands: each becomes a skill that runs only when the user names it
 * (`$samocode:start`), so that the model's list of skills stays short.
 */
export function codexPackage(source: PackageSource): Files {
  const { description, author, commands, links } = source;
  const plugin = {
    ...pluginFacts(source),
    skills: './codex/skills/',
    mcpServers: './codex/mcp.json',
    interface: {
      displayName: DISPLAY_NAME,
      shortDescription: description,
      developerName: author.name,
      category: CATEGORY,
      ...(links && { websiteURL: links.homepage, privacyPolicyURL: links.privacy }),
    },
  };
  return {
    '.codex-plugin/plugin.json': jsonText(plugin),
    // A call of `wait` takes less than 300 s.
    'codex/mcp.json': jsonText({
      mcpServers: { samocode: { ...serverOf(source), startup_timeout_sec: 60, tool_timeout_sec: 300 } },
    }),
    ...skillFiles(source, 'codex/skills'),
    ...Object.fromEntries(commands.flatMap(commandSkill)),
  };
}

/** The marketplace file for Codex. The plugin is a folder beside it, or a commit of a repository. */
export function codexMarketplace(plugin: string | { url: string; ref: string; sha: string }): Files {
  const source =
    typeof plugin === 'string' ? { source: 'local', path: `./${plugin}` } : { source: 'url', ...plugin };
  const marketplace = {
    name: 'samocode',
    interface: { displayName: DISPLAY_NAME },
    plugins: [
      {
        name: 'samocode',
        source,
        policy: { installation: 'AVAILABLE', authentication: 'ON_INSTALL' },
        category: CATEGORY,
      },
    ],
  };
  return { '.agents/plugins/marketplace.json': jsonText(marketplace) };
}

function commandSkill({ name, meta, body }: MarkdownSource): [string, string][] {
  const folder = `codex/skills/${name}`;
  const words = outsideOfServer(body).replaceAll(
    '$ARGUMENTS',
    'what the user wrote after the name of this skill',
  );
  const skill = `---\nname: ${name}\ndescription: ${meta.get('description')}. Only when the user writes $samocode:${name}.\n---\n${words}`;
  return [
    [`${folder}/SKILL.md`, skill],
    [`${folder}/agents/openai.yaml`, 'policy:\n  allow_implicit_invocation: false\n'],
  ];
}

export function geminiPackage(source: PackageSource): Files {
  const { version, description, commands } = source;
  const extension = {
    name: 'samocode',
    version,
    description,
    mcpServers: { samocode: { ...serverOf(source), timeout: 600_000 } },
  };
  return {
    'gemini-extension.json': jsonText(extension),
    ...skillFiles(source, 'skills'),
    ...Object.fromEntries(commands.map((command) => [`commands/${command.name}.toml`, toml(command)])),
  };
}

function toml({ meta, body }: MarkdownSource): string {
  const prompt = outsideOfServer(body).trim().replaceAll('$ARGUMENTS', '{{args}}');
  return `description = ${JSON.stringify(meta.get('description') ?? '')}\nprompt = ${multiline(prompt)}\n`;
}

// A JSON string is valid TOML, but a long text is easier to read as a literal string.
function multiline(text: string): string {
  if (text.includes("'''")) return JSON.stringify(text);
  return `'''\n${text}\n'''`;
}
