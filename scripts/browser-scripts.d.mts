export declare function browserScript(
  path: string,
  version: string,
): Promise<{ text: string; files: string[] }>;
