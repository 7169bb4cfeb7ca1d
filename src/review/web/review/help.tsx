import { Dialog } from '../ui/dialog.js';
import { shortcuts } from './shortcuts.js';

const groups = ['Frames', 'Decide', 'Boxes', 'View'] as const;

export function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" wide onClose={onClose}>
      <div class="help">
        {groups.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {shortcuts
                .filter((shortcut) => shortcut.group === group)
                .map(({ keys, shown, what }) => (
                  <div key={what}>
                    <dt>
                      <kbd>{shown ?? display(keys[0] ?? '')}</kbd>
                    </dt>
                    <dd>{what}</dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
        <section>
          <h3>Mouse</h3>
          <dl>
            <div>
              <dt>Drag</dt>
              <dd>Draw a box; on the selected box, move it or pull one of its eight handles</dd>
            </div>
            <div>
              <dt>Click</dt>
              <dd>Select; again for the box behind</dd>
            </div>
            <div>
              <dt>Wheel</dt>
              <dd>Zoom at the pointer</dd>
            </div>
            <div>
              <dt>Shift+drag</dt>
              <dd>Move the view (also the middle button)</dd>
            </div>
          </dl>
          <h3>Outlines</h3>
          <p>
            Dashed: the model’s, not looked at yet, with its confidence. Solid: accepted, corrected or drawn. Everything
            is saved as you go.
          </p>
        </section>
      </div>
    </Dialog>
  );
}

const display = (key: string) =>
  key.replace(/(^|\+)([a-z])/g, (_, plus: string, letter: string) => plus + letter.toUpperCase());
