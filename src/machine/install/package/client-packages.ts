import type { MarkdownSource, PackageSource } from './package-source.ts';

/** Files by their path in the package. */
export type Files = Record<string, string>;

export const DISPLAY_NAME = 'Samocode';
export const AUTHOR = { name: 'the samocode-mcp authors' };

function skillFiles({ skills }: PackageSource): Files {
  return Object.fromEntries(skills.map(({ name, text }) => [`skills/${name}/SKILL.md`, text]));
}

export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

export function claudePackage(source: PackageSource): Files {
  const { version, description, keywords, agents, commands, inAChat } = source;
  // Claude Code would read a .mcp.json beside it as a second server.
  const plugin = {
    name: 'samocode',
    version,
    description,
    author: AUTHOR,
    license: 'MIT',
    keywords,
    mcpServers: { samocode: source.start },
  };
  return {
    '.claude-plugin/plugin.json': jsonText(plugin),
    ...Object.fromEntries(
      agents.map(({ name, text }) => [`agents/samocode-${name}.md`, `${text.trimEnd()}\n\n${inAChat}`]),
    ),
    ...Object.fromEntries(commands.map(({ name, text }) => [`commands/${name}.md`, text])),
    ...skillFiles(source),
  };
}

/** The file that tells Claude Code where the plugin is in a folder or repository. */
export function claudeMarketplace({ description, version }: PackageSource, pluginFolder: string): Files {
  const marketplace = {
    name: 'samocode',
    owner: AUTHOR,
    metadata: { description, version },
    plugins: [{ name: 'samocode', source: `./${pluginFolder}`, description }],
  };
  return { '.claude-plugin/marketplace.json': jsonText(marketplace) };
}

const CATEGORY = 'Developer Tools';

/**
 * The Codex plugin. Codex has no commands: each becomes a skill that runs only when the user names it
 * (`$samocode:dive`), so that the model's list of skills stays short.
 */
export function codexPackage(source: PackageSource): Files {
  const { version, description, commands } = source;
  const plugin = {
    name: 'samocode',
    version,
    description,
    author: AUTHOR,
    license: 'MIT',
    skills: './skills/',
    mcpServers: './.mcp.json',
    interface: { displayName: DISPLAY_NAME, shortDescription: description, category: CATEGORY },
  };
  return {
    '.codex-plugin/plugin.json': jsonText(plugin),
    // The first start may have to download; a call of wait stays below 300 s.
    '.mcp.json': jsonText({
      mcpServers: { samocode: { ...source.start, startup_timeout_sec: 60, tool_timeout_sec: 300 } },
    }),
    ...skillFiles(source),
    ...Object.fromEntries(commands.flatMap(commandSkill)),
  };
}

/** The file that tells Codex where the plugin is in a folder or repository. */
export function codexMarketplace(pluginFolder: string): Files {
  const marketplace = {
    name: 'samocode',
    interface: { displayName: DISPLAY_NAME },
    plugins: [
      {
        name: 'samocode',
        source: { source: 'local', path: `./${pluginFolder}` },
        policy: { installation: 'AVAILABLE', authentication: 'ON_INSTALL' },
        category: CATEGORY,
      },
    ],
  };
  return { '.agents/plugins/marketplace.json': jsonText(marketplace) };
}

function commandSkill({ name, meta, body }: MarkdownSource): [string, string][] {
  const folder = `skills/${name}`;
  const words = body.replaceAll('$ARGUMENTS', 'what the user wrote after the name of this skill');
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
    mcpServers: { samocode: { ...source.start, timeout: 600_000 } },
  };
  return {
    'gemini-extension.json': jsonText(extension),
    ...skillFiles(source),
    ...Object.fromEntries(commands.map((command) => [`commands/${command.name}.toml`, toml(command)])),
  };
}

function toml({ meta, body }: MarkdownSource): string {
  const prompt = body.trim().replaceAll('$ARGUMENTS', '{{args}}');
  return `description = ${JSON.stringify(meta.get('description') ?? '')}\nprompt = ${multiline(prompt)}\n`;
}

// One-line JSON strings are valid TOML; a longer text is readable in the literal form.
function multiline(text: string): string {
  if (text.includes("'''")) return JSON.stringify(text);
  return `'''\n${text}\n'''`;
}
