// What is said in place of a view that has nothing to show, and above one that is out of date.
export function Told({ error, waiting }: { error?: string | undefined; waiting: boolean }) {
  if (error)
    return (
      <p class="told bad" role="alert">
        {error}
      </p>
    );
  return waiting ? (
    <p class="told" role="status">
      Reading …
    </p>
  ) : null;
}
