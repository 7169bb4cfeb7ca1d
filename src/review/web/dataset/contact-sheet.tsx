import { useEffect, useState } from 'preact/hooks';
import type { WireDatasetFrame, WireDatasetFrames } from '../../wire.js';
import { get } from '../api/http.js';
import { readLabelColors } from '../api/cvat.js';
import { useLoaded } from '../ui/load.js';
import { Button } from '../ui/button.js';
import { Notice } from '../ui/notice.js';

const pageSize = 48;

/** Classes in the legend; the others are told by the filter. */
const legendSize = 8;

/** The frames of the dataset with their boxes, newest round first. */
export function ContactSheet(props: {
  version: string;
  folderId: string;
  labels: readonly string[];
  roundName: (id: string) => string;
}) {
  const { version, folderId, labels, roundName } = props;
  const [split, setSplit] = useState('');
  const [label, setLabel] = useState('');
  const [frames, setFrames] = useState<WireDatasetFrame[]>([]);
  const [count, setCount] = useState(0);
  const [error, setError] = useState<string>();

  const load = async (offset: number): Promise<WireDatasetFrames> => {
    const query = new URLSearchParams({ offset: String(offset), limit: String(pageSize) });
    if (split !== '') query.set('split', split);
    if (label !== '') query.set('label', label);
    return get(`/api/frameloop/dataset/frames?${query}`);
  };

  useEffect(() => {
    let gone = false;
    load(0).then(
      (page) => {
        if (gone) return;
        setFrames(page.frames);
        setCount(page.count);
        setError(undefined);
      },
      (reason: Error) => setError(reason.message),
    );
    return () => {
      gone = true;
    };
  }, [version, split, label]);

  const more = async () => {
    try {
      const page = await load(frames.length);
      setFrames([...frames, ...page.frames]);
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : String(reason));
    }
  };

  // The same colours as in the review. A class of a CVAT elsewhere has none here.
  const { value: colors } = useLoaded('label colours', readLabelColors);
  const colorOf = (name: string) => colors?.get(name) ?? '#9eabb9';
  return (
    <section class="contact" aria-labelledby="contact-title">
      <header>
        <h2 id="contact-title">Contact sheet</h2>
        <label>
          Split{' '}
          <select value={split} onChange={(event) => setSplit(event.currentTarget.value)}>
            <option value="">all</option>
            <option>train</option>
            <option>val</option>
            <option>test</option>
          </select>
        </label>
        <label>
          Class{' '}
          <select value={label} onChange={(event) => setLabel(event.currentTarget.value)}>
            <option value="">all</option>
            {labels.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <span class="quiet">{count.toLocaleString('en')} frames</span>
        <ul class="legend">
          {labels.slice(0, legendSize).map((name) => (
            <li key={name}>
              <span class="swatch" style={{ backgroundColor: colorOf(name) }} />
              {name}
            </li>
          ))}
        </ul>
      </header>
      {error !== undefined && <Notice kind="bad">{error}</Notice>}
      <ul class="contact-grid">
        {frames.map((frame) => (
          <li key={frame.frameId}>
            <figure>
              <div class="contact-picture" style={{ aspectRatio: `${frame.width} / ${frame.height}` }}>
                <img
                  src={`/api/frameloop/dataset/frames/${encodeURIComponent(frame.frameId)}/thumbnail?folder=${folderId}`}
                  alt={`${frame.boxes.length} boxes`}
                  loading="lazy"
                />
                <svg viewBox={`0 0 ${frame.width} ${frame.height}`} aria-hidden="true">
                  {frame.boxes.map((box, index) => (
                    <rect
                      key={index}
                      x={box.x1}
                      y={box.y1}
                      width={box.x2 - box.x1}
                      height={box.y2 - box.y1}
                      stroke={colorOf(box.label)}
                    />
                  ))}
                </svg>
              </div>
              <figcaption title={`${frame.frameId}${frame.reason === null ? '' : `: ${frame.reason}`}`}>
                <span class="badge">{frame.split}</span>
                <span class="quiet ellipsis">{roundName(frame.round)}</span>
                <span class="quiet">{frame.boxes.length}</span>
              </figcaption>
            </figure>
          </li>
        ))}
      </ul>
      {frames.length < count && <Button onClick={() => void more()}>Show more</Button>}
    </section>
  );
}
