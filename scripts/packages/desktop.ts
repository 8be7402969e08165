import { jsonText } from '../../src/machine/install/package/json-text.ts';
import { AUTHOR, DISPLAY_NAME, type Files } from '../../src/machine/install/package/package-parts.ts';
import { findNodeScript } from '../../src/providers/starting/find-node.ts';
import { TOOLS } from '../../src/server/tools/index.ts';
import type { RepositorySource } from './source.ts';

/** Where the built programs stand in the bundle for Claude Desktop. */
export const DESKTOP_SERVER_FOLDER = 'server';

// biome-ignore lint/suspicious/noTemplateCurlyInString: the client puts the bundle's folder there
const BUNDLE = '${__dirname}';
const LAUNCHER = 'start-server.sh';

/** The manifest of the bundle for Claude Desktop; with the launcher; the programs are put beside it when it is packed. */
export function desktopFiles({ version, description, keywords, repositoryUrl }: RepositorySource): Files {
  const program = `${DESKTOP_SERVER_FOLDER}/samocode-mcp.js`;
  const manifest = {
    manifest_version: '0.3',
    name: 'samocode-mcp',
    display_name: DISPLAY_NAME,
    version,
    description,
    author: AUTHOR,
    ...(repositoryUrl && { repository: { type: 'git', url: repositoryUrl } }),
    license: 'MIT',
    keywords,
    server: {
      type: 'node',
      entry_point: program,
      // Not the word `node`: Claude Desktop runs that in an Electron UtilityProcess, whose program is no Node. And by
      // the shell, because unpacking may lose the permission to execute.
      mcp_config: { command: '/bin/sh', args: [LAUNCHER, program].map((path) => `${BUNDLE}/${path}`) },
    },
    tools: TOOLS.map((tool) => ({ name: tool.name, description: tool.description.split('\n')[0] })),
    prompts_generated: true,
    compatibility: { platforms: ['darwin', 'linux'], runtimes: { node: '>=20.19.0' } },
  };
  return {
    'packages/desktop/manifest.json': jsonText(manifest),
    [`packages/desktop/${LAUNCHER}`]: launcherText(),
  };
}

/** @param systemFolders see `findNodeScript` */
export function launcherText(systemFolders?: readonly string[]): string {
  return `#!/bin/sh
# Starts the server of the bundle (its path is the argument) with a Node.js of this machine.

${findNodeScript(systemFolders)}
node=$(find_node) && exec "$node" "$@"

problem='samocode needs Node.js 20.19 or newer, and none was found on PATH, in the usual folders (Homebrew, nvm, fnm, volta, mise, asdf, n) or by a login shell. Install it from https://nodejs.org, then restart Claude Desktop.'
printf '%s\\n' "$problem" >&2
# The client shows its user the error that answers its first request.
IFS= read -r request
id=\${request##*'"id":'}
id=\${id%%[,\\}]*}
case $id in
  [0-9]* | '"'*'"') printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32000,"message":"%s"}}\\n' "$id" "$problem" ;;
esac
exit 1
`;
}
