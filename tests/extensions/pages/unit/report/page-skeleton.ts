const TAG = /<(\/?[a-zA-Z][^\s/>]*|!doctype html)((?:\s+[a-zA-Z][\w:-]*(?:="[^"<>]*")?)*)\s*\/?>/g;

/** The tags of a page in order, each with its attribute names, and every other `<` or `>`. */
export function skeletonOf(page: string): { tags: string[]; stray: string[] } {
  // The style sheet and the script are samocode's own and the same on every page.
  const shown = page.replace(/<style>[\s\S]*?<\/style>/, '').replace(/<script>[\s\S]*?<\/script>/, '');
  const tags = [...shown.matchAll(TAG)].map(([, name = '', attributes = '']) => {
    const names = [...attributes.matchAll(/([a-zA-Z][\w:-]*)(?:="[^"]*")?/g)].map(
      ([, attribute]) => attribute,
    );
    return [name, ...names].join(' ');
  });
  const rest = shown.replace(TAG, '');
  return { tags, stray: rest.match(/.{0,30}[<>].{0,30}/g) ?? [] };
}

/** The values of all attributes that link or load something. */
export function addressesIn(page: string): string[] {
  return [...page.matchAll(/\s(?:href|src|action|srcdoc|data|poster|formaction)="([^"]*)"/g)].map(
    ([, value = '']) => value,
  );
}
