/** The lines in Codex's settings that connect our server, with every tool of it allowed, which only a test should do. */
export function codexServer(server: string, env: Readonly<Record<string, string>>): string[] {
  return [
    '[mcp_servers.samocode]',
    `command = ${JSON.stringify(process.execPath)}`,
    `args = [${JSON.stringify(server)}]`,
    'default_tools_approval_mode = "approve"',
    // Otherwise Codex begins its turn without the tools of a server that starts too slowly on a busy machine.
    'required = true',
    'startup_timeout_sec = 90',
    '[mcp_servers.samocode.env]',
    ...Object.entries(env).map(([name, value]) => `${name} = ${JSON.stringify(value)}`),
  ];
}
