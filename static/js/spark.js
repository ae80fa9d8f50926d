/** The day as a small curve beside its figure. */
import { fade } from "./chart.js";

/** Draw a small curve of `values` into a canvas; fewer than two values leave it empty. */
export function sparkline(canvas, values, stroke) {
  const scale = window.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  canvas.width = width * scale;
  canvas.height = height * scale;
  if (values.length < 2 || !width) return;
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  const low = Math.min(...values);
  const span = Math.max(...values) - low || 1;
  pen.beginPath();
  values.forEach((value, i) =>
    pen.lineTo(
      1 + (i / (values.length - 1)) * (width - 2),
      height - 3 - ((value - low) / span) * (height - 6),
    ),
  );
  pen.strokeStyle = stroke;
  pen.lineWidth = 1.6;
  pen.lineJoin = "round";
  pen.stroke();
  pen.lineTo(width - 1, height);
  pen.lineTo(1, height);
  pen.closePath();
  const fill = pen.createLinearGradient(0, 0, 0, height);
  fill.addColorStop(0, fade(stroke, 0.25));
  fill.addColorStop(1, fade(stroke, 0));
  pen.fillStyle = fill;
  pen.fill();
}
