// Takes a picture for every 'p' that arrives on Serial, and sends it:
//
//     tinykit image 160 120 RGB565 38400 1a2b3c4d
//
// width, height, format, number of bytes and their checksum (CRC-32, hexadecimal), then the bytes
// as the camera gave them, and an end of line. tk.record_images() records pictures from it; see
// README.md.

#ifdef ARDUINO_NICLA_VISION
#include <camera.h>
#include <gc2145.h>
#else
#include <Arduino_OV767X.h>
#endif

constexpr uint32_t kBaud = 115200;
constexpr unsigned kBytesPerPixel = 2;  // RGB565: the byte with red first

#ifdef ARDUINO_NICLA_VISION

constexpr unsigned kWidth = 320;
constexpr unsigned kHeight = 240;

alignas(32) uint8_t picture[kWidth * kHeight * kBytesPerPixel];  // as lines of the cache
GC2145 sensor;
Camera camera(sensor);
FrameBuffer buffer;

bool beginCamera() {
  buffer.setBuffer(picture);
  return camera.begin(CAMERA_R320x240, CAMERA_RGB565, 30);
}

bool takePicture() { return camera.grabFrame(buffer, 1000) == 0; }

#else

constexpr unsigned kWidth = 160;
constexpr unsigned kHeight = 120;

uint8_t picture[kWidth * kHeight * kBytesPerPixel];

bool beginCamera() { return Camera.begin(QQVGA, RGB565, 5) != 0; }

bool takePicture() {
  Camera.readFrame(picture);
  return true;
}

#endif

// CRC-32 as in zip files, with which the computer notices damaged pictures.
uint32_t checksum(const uint8_t* bytes, size_t count) {
  uint32_t crc = 0xffffffff;
  for (size_t i = 0; i < count; ++i) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? 0xedb88320 : 0);
  }
  return ~crc;
}

void sendPicture() {
  const unsigned long crc = checksum(picture, sizeof(picture));
  Serial.print("tinykit image ");
  Serial.print(kWidth);
  Serial.print(' ');
  Serial.print(kHeight);
  Serial.print(" RGB565 ");
  Serial.print(static_cast<unsigned>(sizeof(picture)));
  Serial.print(' ');
  Serial.println(crc, HEX);
  Serial.write(picture, sizeof(picture));
  Serial.println();
}

void setup() {
  Serial.begin(kBaud);
  while (!beginCamera()) {
    Serial.println("The camera does not answer. Does it sit on the shield, the right way round?");
    delay(1000);
  }
}

void loop() {
  if (Serial.read() != 'p') {
    delay(1);  // let the processor rest
    return;
  }
  if (takePicture()) {
    sendPicture();
  } else {
    Serial.println("The camera gave no picture.");
  }
}
