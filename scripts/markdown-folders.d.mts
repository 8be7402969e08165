export const MARKDOWN_FOLDER: RegExp;
export function markdownFolderModule(specifier: string): Promise<string>;
