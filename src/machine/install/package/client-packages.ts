import type { MarkdownSource, PackageSource, ServerStart } from './package-source.ts';

/** Files by their path in the package. */
export type Files = Record<string, string>;

export const DISPLAY_NAME = 'Samocode';

// The packages of all clients fit into one folder, which is how they are published: no two write the same path
// differently, and none reads what another one needs.

function skillFiles({ skills }: PackageSource, folder: string): Files {
  return Object.fromEntries(skills.map(({ name, text }) => [`${folder}/${name}/SKILL.md`, text]));
}

export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** The server beside the package's own commands. */
function serverOf({ start }: PackageSource): ServerStart {
  return { ...start, args: [...start.args, '--no-prompts'] };
}

/** What the manifests of Claude Code and Codex have in common. */
function pluginFacts({ version, description, author, keywords, links }: PackageSource) {
  return {
    ...{ name: 'samocode', version, description, author, license: 'MIT', keywords },
    ...(links && { homepage: links.homepage, repository: links.repository }),
  };
}

export function claudePackage(source: PackageSource): Files {
  const { commands, links } = source;
  // Claude Code would read a .mcp.json beside it as a second server.
  const plugin = {
    ...pluginFacts(source),
    ...(links && {
      documentationUrl: links.documentation,
      supportUrl: links.support,
      privacyPolicyUrl: links.privacy,
    }),
    mcpServers: { samocode: serverOf(source) },
  };
  return {
    '.claude-plugin/plugin.json': jsonText(plugin),
    ...Object.fromEntries(commands.map((command) => [`commands/${command.name}.md`, typedCommand(command)])),
    ...skillFiles(source, 'skills'),
  };
}

/** A command that only a person calls: no model reads its name before that. */
function typedCommand({ meta, body }: MarkdownSource): string {
  const lines = [...meta].map(([key, value]) => `${key}: ${key === 'argument-hint' ? `"${value}"` : value}`);
  return `---\n${lines.join('\n')}\ndisable-model-invocation: true\n---\n${outsideOfServer(body)}`;
}

/** The server puts its list of sessions into the text of its own prompt. */
function outsideOfServer(body: string): string {
  return body.replace('$SESSIONS', 'What `list_sessions` with `all_projects` lists.');
}

/** The file that tells Claude Code where the plugin is: a folder beside it, or a commit of a repository. */
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
    // A call of wait stays below 300 s.
    'codex/mcp.json': jsonText({
      mcpServers: { samocode: { ...serverOf(source), startup_timeout_sec: 60, tool_timeout_sec: 300 } },
    }),
    ...skillFiles(source, 'codex/skills'),
    ...Object.fromEntries(commands.flatMap(commandSkill)),
  };
}

/** The file that tells Codex where the plugin is: a folder beside it, or a commit of a repository. */
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

// One-line JSON strings are valid TOML; a longer text is readable in the literal form.
function multiline(text: string): string {
  if (text.includes("'''")) return JSON.stringify(text);
  return `'''\n${text}\n'''`;
}
