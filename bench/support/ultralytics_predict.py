"""The other baseline of bench/detect.ts: predict of Ultralytics over a folder of pictures. Prints seconds per picture."""

import sys
import time

from ultralytics import YOLO

model_file, folder, pictures = sys.argv[1], sys.argv[2], int(sys.argv[3])
model = YOLO(model_file, task="detect")


def predict():
    return sum(1 for _ in model.predict(folder, stream=True, verbose=False, device="cpu"))


predict()
done = 0
start = time.perf_counter()
while done < pictures:
    done += predict()
print((time.perf_counter() - start) / done)
