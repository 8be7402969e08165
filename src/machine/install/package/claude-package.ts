import { AUTHOR, type Files, jsonText, skillFiles } from './package-parts.ts';
import type { PackageSource } from './package-source.ts';

/** The Claude Code plugin. */
export function claudePackage(source: PackageSource): Files {
  const { version, description, keywords, agents, commands, inAChat } = source;
  // A .mcp.json beside it would be read as a second server.
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

/** The file by which Claude Code finds the plugin in a folder or repository. */
export function claudeMarketplace({ description, version }: PackageSource, pluginFolder: string): Files {
  const marketplace = {
    name: 'samocode',
    owner: AUTHOR,
    metadata: { description, version },
    plugins: [{ name: 'samocode', source: `./${pluginFolder}`, description }],
  };
  return { '.claude-plugin/marketplace.json': jsonText(marketplace) };
}
