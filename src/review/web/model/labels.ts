/** Those with this text in their names, whatever the case; first those whose names begin with it. */
export function labelsNamed<Label extends { name: string }>(labels: readonly Label[], text: string): Label[] {
  const wanted = text.trim().toLowerCase();
  const begins = ({ name }: Label) => name.toLowerCase().startsWith(wanted);
  const found = labels.filter(({ name }) => name.toLowerCase().includes(wanted));
  return [...found.filter(begins), ...found.filter((label) => !begins(label))];
}
