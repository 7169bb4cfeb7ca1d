"""The other baseline of bench/detect.ts: predict of Ultralytics over a folder of pictures, once for each line of input."""

import sys

from ultralytics import YOLO

model_file, folder = sys.argv[1:]
model = YOLO(model_file, task="detect")
for _ in sys.stdin:
    pictures = sum(1 for _ in model.predict(folder, stream=True, verbose=False, device="cpu"))
    print("done", pictures, flush=True)
